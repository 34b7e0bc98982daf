import { axisOf, constant, expect, need, scalar } from './known.ts';
import type { ShapeTable, ShapeFunction } from './known.ts';
import { TF } from '../tf-types.ts';
import type { TfType } from '../tf-types.ts';

const reduction: ShapeFunction = ([x, axes], { keep_dims: keep }) => {
  const { shape, type } = need(x);
  const reduced = new Set(constant(axes).map((axis) => axisOf(axis, shape)));
  const kept =
    keep === true ? shape.map((d, i) => (reduced.has(i) ? 1 : d)) : shape.filter((_, i) => !reduced.has(i));
  return [{ type, shape: kept }];
};

const scatterRows: ShapeFunction = ([target, indices, updates]) => {
  const { shape, type } = need(target);
  const at = need(indices).shape;
  expect(at.length === 2 && at[1] === 1, 'indices must be [M, 1]');
  expect(
    String(need(updates).shape) === String([at[0], ...shape.slice(1)]),
    'updates must be as wide as the target, a row for each index',
  );
  return [{ type, shape }];
};

/** Operations that sum, count or choose over dimensions or rows. */
export const reductionShapes: ShapeTable = {
  Sum: reduction,
  Mean: reduction,
  Max: reduction,
  Min: reduction,
  Prod: reduction,
  L2Loss: ([x]) => [{ type: need(x).type, shape: [] }],
  ArgMax: ([x, axis], { output_type: type }) => {
    const { shape } = need(x);
    const removed = axisOf(scalar(axis), shape);
    return [{ type: (type ?? TF.INT64) as TfType, shape: shape.filter((_, i) => i !== removed) }];
  },
  UnsortedSegmentSum: ([data, ids, count]) => [
    { type: need(data).type, shape: [scalar(count), ...need(data).shape.slice(need(ids).shape.length)] },
  ],
  TensorScatterAdd: scatterRows,
  TensorScatterMin: scatterRows,
  SparseSoftmaxCrossEntropyWithLogits: ([logits, labels]) => {
    const { shape, type } = need(logits);
    expect(shape.length === 2 && shape[0] === need(labels).shape[0], 'logits must be [N, V] and labels [N]');
    return [
      { type, shape: [need(shape[0])] },
      { type, shape },
    ];
  },
};
