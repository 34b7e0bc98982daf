// One table, longer than files here are: a case for each operation that has a shape function.

import fc from 'fast-check';
import type { OpAttribute } from '../engine/native-binding.ts';
import { bindingConstants as k } from './symbolic-binding.ts';
import { TF } from './tf-types.ts';
import type { HostArray } from './tf-types.ts';

/** An input as the addon's `createTensor` takes it. */
export interface CaseInput {
  readonly shape: readonly number[];
  readonly type: number;
  readonly values: HostArray;
}

/** One call of an operation. `outputs` is how many it has. */
export interface OpCase {
  readonly inputs: readonly CaseInput[];
  readonly attributes: readonly OpAttribute[];
  readonly outputs: number;
}

const size = fc.integer({ min: 1, max: 4 });
const shape = (minLength = 0, maxLength = 4) => fc.array(size, { minLength, maxLength });

export const ints = (values: readonly number[], dims: readonly number[] = [values.length]): CaseInput => ({
  ...{ shape: dims, type: TF.INT32, values: Int32Array.from(values) },
});
const scalarInt = (value: number): CaseInput => ints([value], []);
const floats = (dims: readonly number[]): CaseInput => ({
  ...{ shape: dims, type: TF.FLOAT },
  values: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5),
});
const bools = (dims: readonly number[]): CaseInput => ({
  ...{ shape: dims, type: TF.BOOL },
  values: new Uint8Array(dims.reduce((a, b) => a * b, 1)).fill(1),
});
const type = (name: string, value: number = TF.FLOAT): OpAttribute => ({ name, type: k.TF_ATTR_TYPE, value });
const flag = (name: string, value: boolean): OpAttribute => ({ name, type: k.TF_ATTR_BOOL, value });
const int = (name: string, value: number): OpAttribute => ({ name, type: k.TF_ATTR_INT, value });
const T = type('T');
const one = (
  inputs: readonly CaseInput[],
  attributes: readonly OpAttribute[] = [T],
  outputs = 1,
): OpCase => ({
  ...{ inputs, attributes, outputs },
});

const unary = shape().map((dims) => one([floats(dims)]));
/** Shapes that broadcast most of the time: each is cut or has ones put into the other. */
const pair = fc
  .tuple(shape(), shape(), fc.nat(4), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(9))
  .map(([base, other, cut, ones, odd]): [number[], number[]] =>
    odd === 0
      ? [base, other]
      : [base, base.slice(Math.min(cut, base.length)).map((d, i) => (ones[i] ? 1 : d))],
  );
const swapped = fc
  .tuple(pair, fc.boolean())
  .map(([[a, b], swap]) => (swap ? ([b, a] as const) : ([a, b] as const)));
const binary = swapped.map(([a, b]) => one([floats(a), floats(b)]));
const logical = swapped.map(([a, b]) => one([bools(a), bools(b)], []));
const withAxis = shape(1).chain((dims) =>
  fc.integer({ min: -dims.length, max: dims.length - 1 }).map((axis) => ({ dims, axis })),
);
const reduction = fc
  .tuple(shape(), fc.boolean())
  .chain(([dims, keep]) =>
    fc
      .subarray(dims.map((_, i) => i))
      .map((axes) => one([floats(dims), ints(axes)], [T, type('Tidx', TF.INT32), flag('keep_dims', keep)])),
  );
const permuted = shape().chain((dims) =>
  fc
    .shuffledSubarray(
      dims.map((_, i) => i),
      { minLength: dims.length },
    )
    .map((order) => ({ dims, order })),
);
const product = fc.tuple(size, size, size, fc.boolean(), fc.boolean(), fc.nat(9));
const padded = shape(1).chain((dims) =>
  fc
    .array(fc.nat(2), { minLength: 2 * dims.length, maxLength: 2 * dims.length })
    .map((pads) => ({ dims, paddings: ints(pads, [dims.length, 2]) })),
);

function repeated(names: string, cases: fc.Arbitrary<OpCase>): Record<string, fc.Arbitrary<OpCase>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, cases]));
}

const scatterRows = fc
  .tuple(shape(1), fc.array(fc.nat(), { minLength: 1, maxLength: 5 }))
  .map(([dims, picks]) => {
    const ids = picks.map((pick) => pick % dims[0]!);
    const inputs = [floats(dims), ints(ids, [ids.length, 1]), floats([ids.length, ...dims.slice(1)])];
    return one(inputs, [T, type('Tindices', TF.INT32)]);
  });

/** Random calls of every operation the tracer knows; some of them do not fit, and must then be refused by both. */
export const SHAPE_CASES: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  ...repeated('Add AddV2 Sub Mul RealDiv Div Maximum Minimum Pow SquaredDifference', binary),
  ...repeated('Equal NotEqual Less LessEqual Greater GreaterEqual', binary),
  ...repeated('LogicalAnd LogicalOr', logical),
  LogicalNot: shape().map((dims) => one([bools(dims)], [])),
  ...repeated('Square Rsqrt Sqrt Tanh Exp Log Neg Reciprocal Sigmoid Cos Sin Abs Relu Erf', unary),
  ...repeated('Identity StopGradient ZerosLike OnesLike L2Loss', unary),
  ...repeated(
    'SigmoidGrad TanhGrad RsqrtGrad SqrtGrad',
    shape().map((dims) => one([floats(dims), floats(dims)])),
  ),
  ...repeated(
    'Softmax LogSoftmax',
    shape(1).map((dims) => one([floats(dims)])),
  ),
  Cast: fc
    .tuple(shape(), fc.constantFrom(TF.INT32, TF.BOOL, TF.BFLOAT16, TF.FLOAT))
    .map(([dims, to]) => one([floats(dims)], [type('SrcT'), type('DstT', to), flag('Truncate', false)])),
  BiasAdd: fc
    .tuple(shape(2), fc.nat(9))
    .map(([dims, odd]) => one([floats(dims), floats([dims.at(-1)! + (odd === 0 ? 1 : 0)])])),
  ...repeated('Sum Mean Max Min Prod', reduction),
  AddN: fc.tuple(shape(), size).map(([dims, n]) =>
    one(
      Array.from({ length: n }, () => floats(dims)),
      [T, int('N', n)],
    ),
  ),
  ...repeated(
    'ArgMax ArgMin',
    withAxis.map(({ dims, axis }) =>
      one([floats(dims), scalarInt(axis)], [T, type('Tidx', TF.INT32), type('output_type', TF.INT32)]),
    ),
  ),
  Reshape: fc.tuple(permuted, fc.nat(9)).map(([{ dims, order }, free]) => {
    const to = order.map((from) => dims[from]!);
    if (free < to.length) to[free] = free === 3 ? 7 : -1;
    return one([floats(dims), ints(to)], [T, type('Tshape', TF.INT32)]);
  }),
  ExpandDims: shape().chain((dims) =>
    fc
      .integer({ min: -dims.length - 2, max: dims.length + 1 })
      .map((axis) => one([floats(dims), scalarInt(axis)], [T, type('Tdim', TF.INT32)])),
  ),
  Transpose: permuted.map(({ dims, order }) =>
    one([floats(dims), ints(order)], [T, type('Tperm', TF.INT32)]),
  ),
  MatMul: product.map(([m, n, inner, ta, tb, odd]) => {
    const other = odd === 0 ? inner + 1 : inner;
    return one(
      [floats(ta ? [inner, m] : [m, inner]), floats(tb ? [n, other] : [other, n])],
      [T, flag('transpose_a', ta), flag('transpose_b', tb)],
    );
  }),
  BatchMatMulV2: fc.tuple(product, pair).map(([[m, n, inner, ta, tb, odd], [left, right]]) => {
    const other = odd === 0 ? inner + 1 : inner;
    return one(
      [
        floats([...left.slice(0, 3), ...(ta ? [inner, m] : [m, inner])]),
        floats([...right.slice(0, 3), ...(tb ? [n, other] : [other, n])]),
      ],
      [T, flag('adj_x', ta), flag('adj_y', tb)],
    );
  }),
  GatherV2: fc
    .tuple(withAxis, shape(0, 2))
    .map(([{ dims, axis }, picked]) =>
      one(
        [
          floats(dims),
          ints(new Array<number>(picked.reduce((a, b) => a * b, 1)).fill(0), picked),
          scalarInt(axis),
        ],
        [type('Tparams'), type('Tindices', TF.INT32), type('Taxis', TF.INT32), int('batch_dims', 0)],
      ),
    ),
  TensorScatterAdd: scatterRows,
  TensorScatterMin: scatterRows,
  UnsortedSegmentSum: shape(1).chain((dims) =>
    fc.tuple(fc.integer({ min: 1, max: dims.length }), size).map(([rank, segments]) => {
      const ids = dims.slice(0, rank);
      const zeros = new Array<number>(ids.reduce((a, b) => a * b, 1)).fill(0);
      return one(
        [floats(dims), ints(zeros, ids), scalarInt(segments)],
        [T, type('Tindices', TF.INT32), type('Tnumsegments', TF.INT32)],
      );
    }),
  ),
  SparseSoftmaxCrossEntropyWithLogits: fc.tuple(size, size, fc.nat(9)).map(([rows, classes, odd]) => {
    const labels = ints(new Array<number>(rows + (odd === 0 ? 1 : 0)).fill(0));
    return one([floats([rows, classes]), labels], [T, type('Tlabels', TF.INT32)], 2);
  }),
  ConcatV2: fc
    .tuple(withAxis, fc.array(size, { minLength: 1, maxLength: 3 }), fc.nat(9))
    .map(([{ dims, axis }, sizes, odd]) => {
      const at = axis < 0 ? axis + dims.length : axis;
      const parts = [dims, ...sizes.map((n) => dims.map((d, i) => (i === at ? n : d + (odd === 0 ? 1 : 0))))];
      return one(
        [...parts.map(floats), scalarInt(axis)],
        [T, int('N', parts.length), type('Tidx', TF.INT32)],
      );
    }),
  Slice: shape(1).chain((dims) =>
    fc
      .tuple(...dims.map((d) => fc.tuple(fc.nat(d), fc.integer({ min: -1, max: d }))))
      .map((ranges) =>
        one(
          [floats(dims), ints(ranges.map(([from]) => from)), ints(ranges.map(([, n]) => n))],
          [T, type('Index', TF.INT32)],
        ),
      ),
  ),
  SplitV: fc
    .tuple(withAxis, fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }), fc.nat(9))
    .map(([{ dims, axis }, sizes, odd]) => {
      const at = axis < 0 ? axis + dims.length : axis;
      const total = sizes.reduce((a, b) => a + b, 0) + (odd === 0 ? 1 : 0);
      return one(
        [floats(dims.map((d, i) => (i === at ? total : d))), ints(sizes), scalarInt(axis)],
        [T, int('num_split', sizes.length), type('Tlen', TF.INT32)],
        sizes.length,
      );
    }),
  Pack: fc.tuple(shape(0, 3), size).chain(([dims, n]) =>
    fc.integer({ min: -dims.length - 1, max: dims.length }).map((axis) =>
      one(
        Array.from({ length: n }, () => floats(dims)),
        [T, int('N', n), int('axis', axis)],
      ),
    ),
  ),
  Unpack: withAxis.map(({ dims, axis }) => {
    const n = dims.at(axis)!;
    return one([floats(dims)], [T, int('num', n), int('axis', axis)], n);
  }),
  Fill: shape().map((dims) => one([ints(dims), floats([])], [T, type('index_type', TF.INT32)])),
  Range: fc
    .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }), fc.constantFrom(-2, -1, 1, 3))
    .map((numbers) => one(numbers.map(scalarInt), [type('Tidx', TF.INT32)])),
  Tile: shape().chain((dims) =>
    fc
      .array(fc.nat(3), { minLength: dims.length, maxLength: dims.length })
      .map((times) => one([floats(dims), ints(times)], [T, type('Tmultiples', TF.INT32)])),
  ),
  BroadcastTo: pair.map(([to, from]) => one([floats(from), ints(to)], [T, type('Tidx', TF.INT32)])),
  Svd: shape().map((dims) =>
    one([floats(dims)], [T, flag('compute_uv', false), flag('full_matrices', false)], 3),
  ),
  Pad: padded.map(({ dims, paddings }) => one([floats(dims), paddings], [T, type('Tpaddings', TF.INT32)])),
  PadV2: padded.map(({ dims, paddings }) =>
    one([floats(dims), paddings, floats([])], [T, type('Tpaddings', TF.INT32)]),
  ),
  SelectV2: fc
    .tuple(swapped, shape())
    .map(([[a, b], c]) => one([bools(a), floats(b), floats(c.length > 2 ? c : c.length === 2 ? a : [])])),
};
