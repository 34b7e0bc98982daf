import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NativeBinding } from '../engine/native-binding.ts';
import { GraphError } from './graph-error.ts';
import { isUnaligned, release, unalignedArray } from './host-memory.ts';
import type { HostArrayType } from './host-memory.ts';
import { GROUP_BYTES, inGroups } from './in-groups.ts';
import { fitsFreeShape } from './free-sizes.ts';
import type { Program } from './program.ts';
import { sizeOf, tfTypeOf } from './tf-types.ts';
import type { HostArray, HostType, Shape } from './tf-types.ts';
import { PIECE_FEEDS, variableNodes } from './variable-nodes.ts';

/** Large variables are read in pieces of 8 MB. */
const PIECE_VALUES = 2 ** 21;

/** A program loaded into TensorFlow. Variables keep their values from run to run; only fetched results come out. */
export class Session {
  private readonly binding: NativeBinding;
  private readonly id: number;
  private readonly program: Program;
  private readonly variableIndex: ReadonlyMap<string, number>;
  private readonly groups: readonly (readonly string[])[];
  /** Values of variables read beside another one; gone with the next run. */
  private readAhead = new Map<string, Float32Array>();

  private constructor(binding: NativeBinding, id: number, program: Program) {
    this.binding = binding;
    this.id = id;
    this.program = program;
    this.variableIndex = new Map([...program.variables.keys()].map((name, index) => [name, index]));
    const sizes = [...program.variables].map(([name, { shape }]) => ({ name, bytes: 4 * sizeOf(shape) }));
    this.groups = inGroups(sizes).map((group) => group.map(({ name }) => name));
  }

  /** Loads the program's graph; the variables have no values yet. */
  static async open(binding: NativeBinding, program: Program): Promise<Session> {
    const folder = await mkdtemp(join(tmpdir(), 'inheritune-graph-'));
    try {
      await writeFile(join(folder, 'saved_model.pb'), program.graph.toSavedModel());
      return new Session(binding, binding.loadSavedModel(folder, 'serve'), program);
    } catch (cause) {
      throw new GraphError(
        'load',
        `TensorFlow does not accept the graph: ${firstLine(cause)}. Please report this.`,
        {
          cause,
        },
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /**
   * Gives variables their values. Every set of names is a graph that TensorFlow prepares anew: see `inGroups`.
   * @param values row-major, as many as each variable's shape says
   */
  assign(values: ReadonlyMap<string, Float32Array>): void {
    this.forgetReadAhead();
    const inputs: number[] = [];
    const nodes: ReturnType<typeof variableNodes>[] = [];
    try {
      for (const [name, array] of values) {
        const { nodes: own, shape } = this.variable(name);
        if (array.length !== sizeOf(shape)) {
          throw new GraphError(
            'run',
            `The variable ${name} holds ${sizeOf(shape)} values and was given ${array.length}.`,
          );
        }
        nodes.push(own);
        inputs.push(this.createTensor(shape, 'float32', array));
      }
      this.fetchArrays(
        inputs,
        nodes.map(({ feed }) => feed),
        nodes.map(({ assigned }) => assigned),
      );
    } finally {
      for (const input of inputs) this.binding.deleteTensor(input);
    }
  }

  /** A copy of a variable's value, row-major. Its neighbours are read along with it, up to 32 MB. */
  read(name: string): Float32Array {
    const known = this.readAhead.get(name);
    if (known !== undefined) {
      this.readAhead.delete(name);
      return known;
    }
    // An unknown name is in no group, and is refused below.
    const group = this.groups.find((names) => names.includes(name)) ?? [name];
    const nodes = group.map((member) => this.variable(member).nodes.value);
    const values = this.fetchArrays([], [], nodes) as Float32Array[];
    this.forgetReadAhead();
    this.readAhead = new Map(group.map((member, i) => [member, values[i]!]));
    return this.read(name);
  }

  /**
   * A variable's value in pieces, row-major: what is small whole, as by `read`, what is large 8 MB at a time. Each piece is valid
   * until the next is asked for; then its memory is given back.
   */
  *pieces(name: string): Generator<Float32Array> {
    const { nodes, shape } = this.variable(name);
    const length = sizeOf(shape);
    const isLarge = 4 * length > GROUP_BYTES;
    const step = isLarge ? PIECE_VALUES : length;
    for (let begin = 0; begin < length; begin += step) {
      const end = Math.min(begin + step, length);
      const values = isLarge ? this.readPiece(nodes.piece, begin, end) : this.read(name);
      try {
        yield values;
      } finally {
        release(values);
      }
    }
  }

  /**
   * One run of the graph.
   * @param feeds a host array for every placeholder that the fetches depend on
   * @returns the fetched values in the order asked for
   */
  run(feeds: Readonly<Record<string, HostArray>>, fetches: readonly string[]): HostArray[] {
    for (const name of fetches) {
      if (!this.program.fetches.has(name))
        throw new GraphError('run', `The program has no output named ${name}.`);
    }
    this.forgetReadAhead();
    const ids: number[] = [];
    try {
      for (const [name, values] of Object.entries(feeds)) ids.push(this.createInput(name, values));
      return this.fetchArrays(ids, Object.keys(feeds), fetches);
    } finally {
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  /** Frees the graph and its variables. */
  close(): void {
    this.binding.deleteSavedModel(this.id);
  }

  private createInput(name: string, values: HostArray): number {
    const placeholder = this.program.placeholders.get(name);
    if (placeholder === undefined) throw new GraphError('run', `The program has no input named ${name}.`);
    const { shape: traced, type } = placeholder;
    const free = fitsFreeShape(traced, values.length, this.program.freeSizes);
    const shape = free ?? traced;
    if (values.length !== sizeOf(shape)) {
      throw new GraphError(
        'run',
        `The input ${name} has shape [${traced.join(', ')}] and was given ${values.length} values.`,
      );
    }
    return this.createTensor(shape, type, values);
  }

  private readPiece(node: string, begin: number, end: number): Float32Array {
    const ids = [begin, end].map((at) => this.createTensor([1], 'int32', Int32Array.of(at)));
    try {
      const [values] = this.fetchArrays(ids, [PIECE_FEEDS.begin, PIECE_FEEDS.end], [node]);
      return values as Float32Array;
    } finally {
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  private forgetReadAhead(): void {
    for (const values of this.readAhead.values()) release(values);
    this.readAhead.clear();
  }

  /**
   * A tensor with memory of its own. In an array that TensorFlow took over a variable would live once it is assigned: training would
   * change the caller's values, and the last one to let go, on whatever thread, would call into V8.
   */
  private createTensor(shape: Shape, type: HostType, values: HostArray): number {
    if (isUnaligned(values)) return this.binding.createTensor(shape, tfTypeOf[type], values);
    const copy = unalignedArray(values.constructor as HostArrayType, values.length);
    copy.set(values);
    try {
      return this.binding.createTensor(shape, tfTypeOf[type], copy);
    } finally {
      release(copy);
    }
  }

  private variable(name: string): { nodes: ReturnType<typeof variableNodes>; shape: Shape } {
    const index = this.variableIndex.get(name);
    const variable = this.program.variables.get(name);
    if (index === undefined || variable === undefined) {
      throw new GraphError('run', `The program has no variable named ${name}.`);
    }
    return { nodes: variableNodes(index), shape: variable.shape };
  }

  private fetchArrays(
    ids: readonly number[],
    inputs: readonly string[],
    outputs: readonly string[],
  ): HostArray[] {
    const port = (name: string): string => `${name}:0`;
    try {
      const results = this.binding.runSavedModel(
        this.id,
        ids,
        inputs.map(port).join(','),
        outputs.map(port).join(','),
      );
      return results.map(({ id }) => {
        try {
          return this.binding.tensorDataSync(id);
        } finally {
          this.binding.deleteTensor(id);
        }
      });
    } catch (cause) {
      const outOfMemory = /OOM|out of memory|RESOURCE_EXHAUSTED|ResourceExhausted|failed to allocate/i.test(
        String(cause),
      );
      throw new GraphError(
        outOfMemory ? 'outOfMemory' : 'run',
        outOfMemory
          ? `The device ran out of memory: ${firstLine(cause)}. Use a smaller micro-batch or sequence length.`
          : `TensorFlow stopped with: ${firstLine(cause)}.`,
        { cause },
      );
    }
  }
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
}
