import type { GraphNode, NodeOutput } from './graph-def.ts';

/** Their output is their first input's memory. */
const VIEWS = new Set(['Reshape', 'Identity', 'ExpandDims', 'Squeeze', 'StopGradient', 'PreventGradient']);

/**
 * They write over an input of the output's size and type that nothing else needs (`forward_input_or_allocate_output`
 * in TensorFlow's kernels).
 */
const IN_PLACE = new Set(
  [
    'Add AddV2 Sub Mul RealDiv Div Maximum Minimum Pow SquaredDifference AddN',
    'Square Sqrt Rsqrt Tanh Exp Log Neg Reciprocal Sigmoid Cos Sin Abs Erf',
    'SigmoidGrad TanhGrad RsqrtGrad Relu Softmax LogSoftmax BiasAdd',
    'LogicalNot LogicalAnd LogicalOr ZerosLike OnesLike',
    'SparseSoftmaxCrossEntropyWithLogits TensorScatterAdd',
  ].flatMap((ops) => ops.split(' ')),
);

/** Whether output 0 is a window on the memory of input 0. */
export function isView(node: GraphNode, input: NodeOutput | undefined): boolean {
  return VIEWS.has(node.op) || isLeadingSlice(node, input);
}

/** Whether the kernel may write this output over an input of the same size. */
export function mayWriteOver({ op }: GraphNode, output: number): boolean {
  // The gradient may take the logits' memory; the loss has another shape.
  if (op === 'SparseSoftmaxCrossEntropyWithLogits') return output === 1;
  return IN_PLACE.has(op);
}

/** A slice of whole rows is a window on its input (`SliceOp` and `SplitOp` share aligned rows). */
function isLeadingSlice(node: GraphNode, input: NodeOutput | undefined): boolean {
  const output = node.outputs[0];
  if (node.op !== 'Slice' || input === undefined || output === undefined) return false;
  return output.shape.length > 0 && output.shape.slice(1).every((size, i) => size === input.shape[i + 1]);
}
