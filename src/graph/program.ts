import type { Tensor } from '@tensorflow/tfjs';
import type { OpAttribute } from '../engine/native-binding.ts';
import { symbolicBackend } from './backend.ts';
import { attribute, GraphDef } from './graph-def.ts';
import type { Attributes } from './graph-def.ts';
import { withFreeSizes } from './free-sizes.ts';
import { SymbolicBinding } from './symbolic-binding.ts';
import { TF, tfTypeOf } from './tf-types.ts';
import type { HostType, Shape, TfType } from './tf-types.ts';
import { addPieceInputs, addTransfers } from './variable-nodes.ts';

/** A float32 tensor that lives in the session between runs. */
export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  /** Node name of the resource handle, for operations that update it. */
  readonly handle: string;
  /** Its value when the run starts. Updates of the same run do not show in it. */
  readonly value: Tensor;
}

/** Something the graph does beside computing values; named so that a fetch can wait for it. */
export interface Effect {
  readonly node: string;
}

export interface Placeholder {
  readonly name: string;
  readonly shape: Shape;
  readonly type: HostType;
}

/** A traced program: the graph, and the names through which it is fed and fetched. */
export interface Program {
  readonly graph: GraphDef;
  readonly placeholders: ReadonlyMap<string, Placeholder>;
  readonly variables: ReadonlyMap<string, { readonly shape: Shape }>;
  /** Fetchable outputs with their shapes. */
  readonly fetches: ReadonlyMap<string, Shape>;
  /** Sizes of the trace that every run may choose anew. */
  readonly freeSizes: readonly number[];
}

/** What a program sees while it is traced. */
export interface Trace {
  /** A host array fed at every run. */
  placeholder(name: string, shape: Shape, type: HostType): Tensor;
  /** A variable; it has no value until `Session.assign` gives it one. */
  variable(name: string, shape: Shape): Variable;
  /** A variable's value once the operations in `after` have changed it. */
  read(variable: Variable, after: readonly Effect[]): Tensor;
  /** Names a result that a run can ask for; the run also waits for `after`. */
  fetch(name: string, value: Tensor, after?: readonly Effect[]): void;
  /** An operation without outputs of interest, such as an assignment. Inputs are tensors or variables (by handle). */
  effect(
    op: string,
    inputs: readonly (Tensor | Variable)[],
    attributes?: Attributes,
    after?: readonly Effect[],
  ): Effect;
  /** An operation by its TensorFlow name, for what tfjs has no function for. */
  op(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): Tensor;
}

/**
 * Runs `build` symbolically: every tfjs operation it calls, gradients included, becomes a node of the program's
 * graph. Nothing is computed, so a model of any size traces in well under a second and no memory.
 * @param freeSizes dimensions that a run may have otherwise, see `withFreeSizes`
 * @throws GraphError when a value is read while tracing, or shapes do not fit.
 */
export function trace(build: (trace: Trace) => void, freeSizes: readonly number[] = []): Program {
  const graph = new GraphDef();
  const binding = new SymbolicBinding(graph);
  const placeholders = new Map<string, Placeholder>();
  const variables = new Map<string, { shape: Shape }>();
  const fetches = new Map<string, Shape>();
  symbolicBackend(binding, (backend) => {
    const tensor = (shape: Shape, type: TfType, name: string): Tensor =>
      backend.createOutputTensor({
        id: binding.handle({ shape, type, name }),
        shape: [...shape],
        dtype: type,
      });
    const nameOf = (value: Tensor): string => binding.nameOf(backend.getInputTensorIds([value])[0] as number);
    build({
      placeholder(name, shape, type) {
        graph.add(
          'Placeholder',
          [],
          { dtype: attribute.type(tfTypeOf[type]), shape: attribute.shape(shape) },
          name,
          [{ type: tfTypeOf[type], shape }],
        );
        placeholders.set(name, { name, shape, type });
        return tensor(shape, tfTypeOf[type], name);
      },
      variable(name, shape) {
        if (variables.size === 0) addPieceInputs(graph);
        const node = `variable_${variables.size}`;
        const dtype = attribute.type(TF.FLOAT);
        graph.add(
          'VarHandleOp',
          [],
          {
            dtype,
            shape: attribute.shape(shape),
            shared_name: attribute.string(node),
            container: attribute.string(''),
          },
          node,
        );
        const value = graph.add('ReadVariableOp', [node], { dtype }, `${node}/value`, [
          { type: TF.FLOAT, shape },
        ]);
        addTransfers(graph, node, shape);
        variables.set(name, { shape });
        return { name, shape, handle: node, value: tensor(shape, TF.FLOAT, value) };
      },
      read({ handle, shape }, after) {
        const inputs = [handle, ...after.map((effect) => `^${effect.node}`)];
        const dtype = attribute.type(TF.FLOAT);
        const value = graph.add('ReadVariableOp', inputs, { dtype }, undefined, [{ type: TF.FLOAT, shape }]);
        return tensor(shape, TF.FLOAT, value);
      },
      fetch(name, value, after = []) {
        const control = after.map((effect) => `^${effect.node}`);
        const type = hostTypeOf(value);
        graph.add('Identity', [nameOf(value), ...control], { T: attribute.type(type) }, name, [
          { type, shape: value.shape },
        ]);
        fetches.set(name, value.shape);
      },
      effect(op, inputs, attributes = {}, after = []) {
        const names = inputs.map((input) => ('handle' in input ? input.handle : nameOf(input)));
        return { node: graph.add(op, [...names, ...after.map((effect) => `^${effect.node}`)], attributes) };
      },
      op: (name, attributes, inputs) => backend.executeSingleOutput(name, attributes, inputs),
    });
  });
  withFreeSizes(graph.nodes, freeSizes);
  return { graph, placeholders, variables, fetches, freeSizes };
}

function hostTypeOf(value: Tensor): TfType {
  return tfTypeOf[value.dtype as HostType];
}
