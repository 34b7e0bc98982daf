/** TensorFlow operations that tfjs has no function for, or for which its own is a poor fit to a graph. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import type { OpAttribute } from '../engine/native-binding.ts';
import { currentBackend } from './backend.ts';
import { bindingConstants as k, SymbolicBinding } from './symbolic-binding.ts';
import type { Effect } from './program.ts';
import { TF, tfTypeOf } from './tf-types.ts';

/** Number format in which matrix products are computed; everything else stays float32. */
export type Precision = 'float32' | 'bfloat16';

/** `a·b` of two matrices [M, K]·[K, N], either one transposed. tfjs itself would emit a batched product. */
export function matMul(
  a: Tensor,
  b: Tensor,
  options: { transposeA?: boolean; transposeB?: boolean } = {},
): Tensor {
  const attributes = [
    type('T'),
    bool('transpose_a', options.transposeA ?? false),
    bool('transpose_b', options.transposeB ?? false),
  ];
  return currentBackend().executeSingleOutput('MatMul', attributes, [a, b]);
}

/** Batched `a·b` over the leading dimensions [..., M, K]·[..., K, N], either one transposed. */
export function batchMatMul(
  a: Tensor,
  b: Tensor,
  options: { transposeA?: boolean; transposeB?: boolean } = {},
): Tensor {
  const attributes = [
    type('T'),
    bool('adj_x', options.transposeA ?? false),
    bool('adj_y', options.transposeB ?? false),
  ];
  return currentBackend().executeSingleOutput('BatchMatMulV2', attributes, [a, b]);
}

/** A tensor of one value everywhere; tf.fill would put all of it into the graph as a constant. */
export function fill(
  shape: readonly number[],
  value: Tensor,
  dtype: 'float32' | 'int32' = 'float32',
): Tensor {
  return currentBackend().executeSingleOutput(
    'Fill',
    [type('T', tfTypeOf[dtype]), type('index_type', TF.INT32)],
    [tf.tensor1d([...shape], 'int32'), value],
  );
}

/** Rows of `params` [N, ...] at `indices`. Unlike tf.gather it does not read the indices on the host. */
export function gatherRows(params: Tensor, indices: Tensor): Tensor {
  const attributes = [
    type('Tparams'),
    type('Tindices', TF.INT32),
    type('Taxis', TF.INT32),
    int('batch_dims', 0),
  ];
  return currentBackend().executeSingleOutput('GatherV2', attributes, [
    params,
    indices,
    tf.scalar(0, 'int32'),
  ]);
}

/** Sums rows of `data` [N, ...] that share an id: the gradient of `gatherRows`. */
export function segmentSum(data: Tensor, ids: Tensor, segments: number): Tensor {
  const attributes = [type('T'), type('Tindices', TF.INT32), type('Tnumsegments', TF.INT32)];
  return currentBackend().executeSingleOutput('UnsortedSegmentSum', attributes, [
    data,
    ids,
    tf.scalar(segments, 'int32'),
  ]);
}

/** `target` [N, ...] with `rows` [M, ...] added to its rows at `ids` [M]. In place where nothing else needs `target`. */
export function addToRows(target: Tensor, ids: Tensor, rows: Tensor): Tensor {
  return currentBackend().executeSingleOutput(
    'TensorScatterAdd',
    [type('T'), type('Tindices', TF.INT32)],
    [target, ids.reshape([ids.size, 1]), rows],
  );
}

/** For each id [N] the index of the first one equal to it; ids are below `limit`. */
export function firstOccurrences(ids: Tensor, limit: number): Tensor {
  const indices = tf.range(0, ids.size, 1, 'int32');
  const none = fill([limit], tf.scalar(ids.size, 'int32'), 'int32');
  const first = currentBackend().executeSingleOutput(
    'TensorScatterMin',
    [type('T', TF.INT32), type('Tindices', TF.INT32)],
    [none, ids.reshape([ids.size, 1]), indices],
  ); // [limit]
  return gatherRows(first, ids);
}

/** Per-row cross-entropy [N] of logits [N, V] and labels [N], with its gradient [N, V]: no one-hot matrix. */
export function sparseCrossEntropy(logits: Tensor, labels: Tensor): { loss: Tensor; gradient: Tensor } {
  const attributes = [type('T'), type('Tlabels', TF.INT32)];
  const [loss, gradient] = currentBackend().executeMultipleOutputs(
    'SparseSoftmaxCrossEntropyWithLogits',
    attributes,
    [logits, labels],
    2,
  );
  return { loss: loss as Tensor, gradient: gradient as Tensor };
}

/** Index [N] (int32) of each row's largest element; the lowest index wins a tie. */
export function argMaxRows(x: Tensor): Tensor {
  const attributes = [type('T'), type('Tidx', TF.INT32), type('output_type', TF.INT32)];
  return currentBackend().executeSingleOutput('ArgMax', attributes, [x, tf.scalar(1, 'int32')]);
}

/** `yes` where `condition`, else `no`, with broadcasting. */
export function select(condition: Tensor, yes: Tensor, no: Tensor): Tensor {
  return currentBackend().executeSingleOutput('SelectV2', [type('T')], [condition, yes, no]);
}

/** Singular values [..., min(M, N)] of each matrix of x [..., M, N], largest first. Computed on the CPU, see `GraphDef`. */
export function singularValues(x: Tensor): Tensor {
  const attributes = [type('T'), bool('compute_uv', false), bool('full_matrices', false)];
  return currentBackend().executeMultipleOutputs('Svd', attributes, [x], 3)[0] as Tensor;
}

/** Half the sum of squares, a scalar: one pass, no temporary. */
export function l2Loss(x: Tensor): Tensor {
  return currentBackend().executeSingleOutput('L2Loss', [type('T')], [x]);
}

/** `x`, but not before the values in `waitFor` are there and the effects have happened. */
export function after(x: Tensor, ...waitFor: readonly (Tensor | Effect)[]): Tensor {
  const backend = currentBackend();
  const { binding } = backend;
  // Outside a trace operations run in the order in which they are called anyway.
  if (!(binding instanceof SymbolicBinding)) return x;
  const nodeOf = (value: Tensor): string =>
    binding.nameOf(backend.getInputTensorIds([value])[0] as number).replace(/:\d+$/, '');
  binding.controlInputs = waitFor.map((value) => ('node' in value ? value.node : nodeOf(value)));
  try {
    return backend.executeSingleOutput('Identity', [type('T')], [x]);
  } finally {
    binding.controlInputs = [];
  }
}

/** Casts to the precision of matrix products. To tfjs a bfloat16 value still looks like float32. */
export function toPrecision(x: Tensor, precision: Precision): Tensor {
  return precision === 'float32' ? x : cast(x, TF.BFLOAT16);
}

/** Casts the result of a matrix product back. */
export function toFloat32(x: Tensor, from: Precision): Tensor {
  return from === 'float32' ? x : cast(x, TF.FLOAT);
}

function cast(x: Tensor, to: number): Tensor {
  return currentBackend().executeSingleOutput(
    'Cast',
    [type('SrcT'), type('DstT', to), bool('Truncate', false)],
    [x],
  );
}

function type(name: string, value: number = TF.FLOAT): OpAttribute {
  return { name, type: k.TF_ATTR_TYPE, value };
}

function bool(name: string, value: boolean): OpAttribute {
  return { name, type: k.TF_ATTR_BOOL, value };
}

function int(name: string, value: number): OpAttribute {
  return { name, type: k.TF_ATTR_INT, value };
}
