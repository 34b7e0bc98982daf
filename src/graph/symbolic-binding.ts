import type { NativeBinding, OpAttribute, TensorMetadata, TensorValues } from '../engine/native-binding.ts';
import { attribute } from './graph-def.ts';
import type { Attribute, GraphDef } from './graph-def.ts';
import { GraphError } from './graph-error.ts';
import { inferOutputs } from './shape-functions.ts';
import type { AttributeValues, Known } from './shapes/known.ts';
import { TF } from './tf-types.ts';
import type { HostArray, Shape, TfType } from './tf-types.ts';

/** The numbers that tfjs-node's kernels read from the addon (`binding/tfjs_binding.cc`, `tf_datatype.h`). */
export const bindingConstants = {
  TF_FLOAT: 1,
  TF_INT32: 3,
  TF_UINT8: 4,
  TF_STRING: 7,
  TF_COMPLEX64: 8,
  TF_INT64: 9,
  TF_BOOL: 10,
  TF_RESOURCE: 20,
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
  TF_Version: 'symbolic',
} as const;

/** A value of the graph being traced: the node output that makes it, once there is one. */
export interface Symbolic extends Known {
  name?: string;
}

/** Attributes that name the element type of the first input, whatever tfjs believes it to be (it knows no bfloat16). */
const INPUT_TYPE_ATTRIBUTES = new Set(['T', 'SrcT', 'Tparams']);

/**
 * Stands in for the native addon while a tensor program is traced: nothing is computed, every operation becomes
 * a node of `graph`. Handles start far above the addon's own, so that mixing the two is noticed.
 */
export class SymbolicBinding implements NativeBinding {
  private readonly values = new Map<number, Symbolic>();
  private nextId = 1_000_000_000;
  private readonly graph: GraphDef;
  /** Names of nodes that the next operations must wait for; see `recompute.ts`. */
  controlInputs: readonly string[] = [];

  constructor(graph: GraphDef) {
    this.graph = graph;
    Object.assign(this, bindingConstants);
  }

  /** Makes a handle for a node output. */
  handle(value: Symbolic): number {
    const id = this.nextId++;
    this.values.set(id, value);
    return id;
  }

  /** The node output behind a handle; constants become nodes when they are first asked for. */
  nameOf(id: number): string {
    const value = this.valueOf(id);
    if (value.name === undefined) {
      if (value.values === undefined) throw new Error('a symbolic value without a name or values');
      const { type, shape, values } = value;
      value.name = this.graph.add(
        'Const',
        [],
        { dtype: attribute.type(type), value: attribute.tensor(type, shape, values) },
        undefined,
        [{ type, shape }],
      );
    }
    return value.name;
  }

  valueOf(id: number): Symbolic {
    const value = this.values.get(id);
    if (value === undefined) {
      throw new GraphError(
        'trace',
        `A tensor made outside the trace (handle ${id}) is used inside it. Pass it in as a placeholder or a variable.`,
      );
    }
    return value;
  }

  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number {
    return this.handle({ shape: [...shape], type: dtype as TfType, values: values.slice() as HostArray });
  }

  deleteTensor(): void {
    // A symbolic value costs nothing, and a later gradient may still refer to it.
  }

  tensorDataSync(id: number): never {
    throw new GraphError(
      'trace',
      `The program reads the value of ${this.valueOf(id).name ?? 'a constant'} while it is traced. Values exist only when the graph runs: fetch them instead.`,
    );
  }

  executeOp(
    op: string,
    attributes: readonly OpAttribute[],
    inputIds: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    const inputs = inputIds.map((id) => this.valueOf(id));
    const given: Record<string, unknown> = {};
    const emitted: Record<string, Attribute> = {};
    for (const attr of attributes) {
      const value = INPUT_TYPE_ATTRIBUTES.has(attr.name) ? typeAttribute(op, inputs) : attr.value;
      given[attr.name] = value;
      emitted[attr.name] = toAttribute(attr, value);
    }
    const inferred = inferOutputs(op, inputs, given as AttributeValues, outputs);
    const control = this.controlInputs.map((name) => `^${name}`);
    const names = inputIds.map((id) => this.nameOf(id));
    const node = this.graph.add(op, [...names, ...control], emitted, undefined, inferred);
    return inferred.map(({ shape, type }, index) => {
      const id = this.handle({ shape, type, name: index === 0 ? node : `${node}:${index}` });
      // tfjs has no bfloat16: to it such a value is float32, and this table remembers what it really is.
      return { id, shape: [...shape], dtype: type === TF.BFLOAT16 ? TF.FLOAT : type };
    });
  }

  loadSavedModel(): never {
    throw notWhileTracing();
  }
  deleteSavedModel(): never {
    throw notWhileTracing();
  }
  runSavedModel(): never {
    throw notWhileTracing();
  }
  getNumOfSavedModels(): number {
    return 0;
  }
  getNumOfTensors(): number {
    return this.values.size;
  }
  isUsingGpuDevice(): boolean {
    return false;
  }

  declare readonly TF_FLOAT: number;
  declare readonly TF_INT32: number;
  declare readonly TF_INT64: number;
  declare readonly TF_BOOL: number;
  declare readonly TF_COMPLEX64: number;
  declare readonly TF_STRING: number;
  declare readonly TF_RESOURCE: number;
  declare readonly TF_UINT8: number;
  declare readonly TF_ATTR_STRING: number;
  declare readonly TF_ATTR_INT: number;
  declare readonly TF_ATTR_FLOAT: number;
  declare readonly TF_ATTR_BOOL: number;
  declare readonly TF_ATTR_TYPE: number;
  declare readonly TF_ATTR_SHAPE: number;
  declare readonly TF_Version: string;
}

/** SelectV2's first input is the condition; every other operation is typed by its first input. */
function typeAttribute(op: string, inputs: readonly Known[]): TfType {
  const typed = op === 'SelectV2' || op === 'Fill' ? inputs[1] : inputs[0];
  if (typed === undefined) throw new GraphError('trace', `The operation ${op} has no inputs.`);
  return typed.type;
}

function toAttribute({ name, type }: OpAttribute, value: unknown): Attribute {
  switch (type) {
    case bindingConstants.TF_ATTR_TYPE:
      return { kind: 'type', value: value as number };
    case bindingConstants.TF_ATTR_INT:
      return Array.isArray(value)
        ? { kind: 'ints', value: value as number[] }
        : { kind: 'int', value: value as number };
    case bindingConstants.TF_ATTR_FLOAT:
      return { kind: 'float', value: value as number };
    case bindingConstants.TF_ATTR_BOOL:
      return { kind: 'bool', value: value as boolean };
    case bindingConstants.TF_ATTR_STRING:
      return { kind: 'string', value: value as string };
    case bindingConstants.TF_ATTR_SHAPE:
      return { kind: 'shape', value: value as Shape };
    default:
      throw new GraphError(
        'trace',
        `The attribute ${name} is of kind ${type}, which the tracer does not know.`,
      );
  }
}

function notWhileTracing(): GraphError {
  return new GraphError(
    'trace',
    'A saved model cannot be used while a program is traced. Run it outside the trace.',
  );
}
