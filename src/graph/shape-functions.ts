/**
 * Output types and shapes of the TensorFlow operations that a trace may emit: what TensorFlow's own shape
 * functions (`tensorflow/core/ops/*.cc`) say for fully known input shapes.
 */
import { GraphError } from './graph-error.ts';
import { sizeOf, TF } from './tf-types.ts';
import type { HostArray, Shape, TfType } from './tf-types.ts';

/** What is known of a value while tracing. `values` is there for constants only: axes, permutations, sizes. */
export interface Known {
  readonly shape: Shape;
  readonly type: TfType;
  readonly values?: HostArray;
}

export interface Inferred {
  readonly shape: Shape;
  readonly type: TfType;
}

/** Attribute values by name, as the caller gave them. */
export type AttributeValues = Readonly<Record<string, unknown>>;

export type ShapeFunction = (
  inputs: readonly Known[],
  attributes: AttributeValues,
  outputs: number,
) => readonly Inferred[];

/** The outputs of `op`; throws a GraphError naming the operation when it is unknown or its inputs do not fit. */
export function inferOutputs(
  op: string,
  inputs: readonly Known[],
  attributes: AttributeValues,
  outputs: number,
): readonly Inferred[] {
  const shapeFunction = shapeFunctions[op];
  if (shapeFunction === undefined) {
    throw new GraphError(
      'trace',
      `The tensor program uses the TensorFlow operation ${op}, which the tracer has no shape function for. Add one in src/graph/shape-functions.ts.`,
    );
  }
  try {
    return shapeFunction(inputs, attributes, outputs);
  } catch (cause) {
    const shapes = inputs.map((input) => `[${input.shape.join(',')}]`).join(' ');
    throw new GraphError(
      'shape',
      `The operation ${op} was given inputs of shape ${shapes}: ${messageOf(cause)}.`,
      {
        cause,
      },
    );
  }
}

const same: ShapeFunction = ([x]) => [like(need(x))];

const elementwise: ShapeFunction = ([a, b]) => [
  { type: sameType(need(a), need(b)), shape: broadcast(need(a).shape, need(b).shape) },
];

const comparison: ShapeFunction = ([a, b]) => {
  sameType(need(a), need(b));
  return [{ type: TF.BOOL, shape: broadcast(need(a).shape, need(b).shape) }];
};

const reduction: ShapeFunction = ([x, axes], { keep_dims: keep }) => {
  const { shape, type } = need(x);
  const reduced = new Set(constant(axes).map((axis) => axisOf(axis, shape)));
  const kept =
    keep === true ? shape.map((d, i) => (reduced.has(i) ? 1 : d)) : shape.filter((_, i) => !reduced.has(i));
  return [{ type, shape: kept }];
};

export const shapeFunctions: Readonly<Record<string, ShapeFunction>> = {
  Add: elementwise,
  AddV2: elementwise,
  Sub: elementwise,
  Mul: elementwise,
  RealDiv: elementwise,
  Div: elementwise,
  Maximum: elementwise,
  Minimum: elementwise,
  Pow: elementwise,
  SquaredDifference: elementwise,
  Equal: comparison,
  NotEqual: comparison,
  Less: comparison,
  LessEqual: comparison,
  Greater: comparison,
  GreaterEqual: comparison,
  LogicalAnd: elementwise,
  LogicalOr: elementwise,
  LogicalNot: same,
  Square: same,
  Rsqrt: same,
  Sqrt: same,
  Tanh: same,
  Exp: same,
  Log: same,
  Neg: same,
  Reciprocal: same,
  Sigmoid: same,
  Softmax: same,
  LogSoftmax: same,
  Cos: same,
  Sin: same,
  Abs: same,
  Relu: same,
  Erf: same,
  Identity: same,
  StopGradient: same,
  ZerosLike: same,
  OnesLike: same,
  Cast: ([x], { DstT }) => [{ type: DstT as TfType, shape: need(x).shape }],
  BiasAdd: ([x, bias]) => {
    expect(need(bias).shape[0] === need(x).shape.at(-1), 'the bias does not match the last dimension');
    return [like(need(x))];
  },
  Sum: reduction,
  Mean: reduction,
  Max: reduction,
  Min: reduction,
  Prod: reduction,
  L2Loss: ([x]) => [{ type: need(x).type, shape: [] }],
  AddN: (inputs) => {
    for (const input of inputs) {
      expect(String(input.shape) === String(need(inputs[0]).shape), 'the summands differ in shape');
      sameType(input, need(inputs[0]));
    }
    return [like(need(inputs[0]))];
  },
  ArgMax: ([x, axis], { output_type: type }) => {
    const { shape } = need(x);
    const removed = axisOf(scalar(axis), shape);
    return [{ type: (type ?? TF.INT64) as TfType, shape: shape.filter((_, i) => i !== removed) }];
  },
  Reshape: ([x, to]) => {
    const { shape, type } = need(x);
    const target = constant(to);
    const free = target.indexOf(-1);
    if (free >= 0) target[free] = sizeOf(shape) / -sizeOf(target);
    expect(sizeOf(target) === sizeOf(shape), `it does not fill [${target.join(',')}]`);
    return [{ type, shape: target }];
  },
  ExpandDims: ([x, axis]) => {
    const { shape, type } = need(x);
    const out = [...shape];
    out.splice(newAxis(scalar(axis), shape), 0, 1);
    return [{ type, shape: out }];
  },
  Transpose: ([x, permutation]) => {
    const { shape, type } = need(x);
    const order = constant(permutation);
    expect(new Set(order).size === shape.length && order.length === shape.length, 'it is not a permutation');
    return [{ type, shape: order.map((from) => need(shape[from])) }];
  },
  MatMul: ([a, b], { transpose_a: ta, transpose_b: tb }) => {
    const [x, y] = [need(a).shape, need(b).shape];
    expect(x.length === 2 && y.length === 2, 'both must be matrices');
    expect(x[ta ? 0 : 1] === y[tb ? 1 : 0], 'the inner dimensions differ');
    return [{ type: sameType(need(a), need(b)), shape: [need(x[ta ? 1 : 0]), need(y[tb ? 0 : 1])] }];
  },
  BatchMatMulV2: ([a, b], { adj_x: ax, adj_y: ay }) => {
    const [x, y] = [need(a).shape, need(b).shape];
    expect(x.at(ax ? -2 : -1) === y.at(ay ? -1 : -2), 'the inner dimensions differ');
    const batch = broadcast(x.slice(0, -2), y.slice(0, -2));
    const matrix = [need(x.at(ax ? -1 : -2)), need(y.at(ay ? -2 : -1))];
    return [{ type: sameType(need(a), need(b)), shape: [...batch, ...matrix] }];
  },
  GatherV2: ([params, indices, axis]) => {
    const { shape, type } = need(params);
    const at = axisOf(scalar(axis), shape);
    return [{ type, shape: [...shape.slice(0, at), ...need(indices).shape, ...shape.slice(at + 1)] }];
  },
  UnsortedSegmentSum: ([data, ids, count]) => [
    { type: need(data).type, shape: [scalar(count), ...need(data).shape.slice(need(ids).shape.length)] },
  ],
  SparseSoftmaxCrossEntropyWithLogits: ([logits, labels]) => {
    const { shape, type } = need(logits);
    expect(shape.length === 2 && shape[0] === need(labels).shape[0], 'logits must be [N, V] and labels [N]');
    return [
      { type, shape: [need(shape[0])] },
      { type, shape },
    ];
  },
  ConcatV2: (inputs) => {
    const parts = inputs.slice(0, -1);
    const first = need(parts[0]);
    const at = axisOf(scalar(inputs.at(-1)), first.shape);
    const total = parts.reduce((sum, part) => sum + need(part.shape[at]), 0);
    for (const part of parts) {
      sameType(part, first);
      const fits = part.shape.every((d, i) => i === at || d === first.shape[i]);
      expect(fits && part.shape.length === first.shape.length, 'the parts differ beside the axis');
    }
    return [{ type: first.type, shape: first.shape.map((d, i) => (i === at ? total : d)) }];
  },
  Slice: ([x, begin, size]) => {
    const { shape, type } = need(x);
    const [from, count] = [constant(begin), constant(size)];
    const out = count.map((n, i) => (n < 0 ? need(shape[i]) - need(from[i]) : n));
    expect(
      out.every((n, i) => need(from[i]) >= 0 && need(from[i]) + n <= need(shape[i])),
      `[${from.join(',')}]+[${count.join(',')}] is outside`,
    );
    return [{ type, shape: out }];
  },
  SplitV: ([x, sizes, axis]) => {
    const { shape, type } = need(x);
    const at = axisOf(scalar(axis), shape);
    const parts = constant(sizes);
    const free = parts.indexOf(-1);
    const total = parts.reduce((sum, n) => sum + n, 0);
    if (free >= 0) parts[free] = need(shape[at]) - total - 1;
    else expect(total === shape[at], `[${parts.join(',')}] does not add up to the dimension`);
    return parts.map((n) => ({ type, shape: shape.map((d, i) => (i === at ? n : d)) }));
  },
  Pack: (inputs, { axis }) => {
    const { shape, type } = need(inputs[0]);
    const out = [...shape];
    out.splice(newAxis(axis as number, shape), 0, inputs.length);
    for (const input of inputs) {
      expect(String(input.shape) === String(shape), 'the parts differ in shape');
      sameType(input, need(inputs[0]));
    }
    return [{ type, shape: out }];
  },
  Unpack: ([x], { axis }, outputs) => {
    const { shape, type } = need(x);
    const at = axisOf(axis as number, shape);
    expect(shape[at] === outputs, `dimension ${at} does not have ${outputs} parts`);
    return Array.from({ length: outputs }, () => ({ type, shape: shape.filter((_, i) => i !== at) }));
  },
  Fill: ([shape, value]) => [{ type: need(value).type, shape: constant(shape) }],
  Range: ([start, limit, delta]) => {
    const [from, to, by] = [scalar(start), scalar(limit), scalar(delta)];
    expect(by !== 0 && (to - from) * by >= 0, `it does not get from ${from} to ${to} by ${by}`);
    return [{ type: need(start).type, shape: [Math.abs(Math.ceil((to - from) / by))] }];
  },
  Tile: ([x, multiples]) => {
    const times = constant(multiples);
    return [{ type: need(x).type, shape: need(x).shape.map((d, i) => d * need(times[i])) }];
  },
  BroadcastTo: ([x, to]) => {
    const target = constant(to);
    expect(
      String(broadcast(need(x).shape, target)) === String(target),
      `it does not broadcast to [${target.join(',')}]`,
    );
    return [{ type: need(x).type, shape: target }];
  },
  PadV2: ([x, paddings]) => {
    const pad = constant(paddings);
    return [
      { type: need(x).type, shape: need(x).shape.map((d, i) => d + need(pad[2 * i]) + need(pad[2 * i + 1])) },
    ];
  },
  SelectV2: ([condition, yes, no]) => [
    {
      type: sameType(need(yes), need(no)),
      shape: broadcast(need(condition).shape, broadcast(need(yes).shape, need(no).shape)),
    },
  ],
};

/** NumPy broadcasting of two shapes. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    expect(x === y || x === 1 || y === 1, `[${a.join(',')}] and [${b.join(',')}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

function like({ shape, type }: Known): Inferred {
  return { shape, type };
}

function sameType(a: Known, b: Known): TfType {
  expect(a.type === b.type, `their element types ${a.type} and ${b.type} differ`);
  return a.type;
}

function constant(value: Known | undefined): number[] {
  const values = need(value).values;
  if (values === undefined) throw new Error('a size, axis or permutation depends on data');
  return Array.from(values);
}

function scalar(value: Known | undefined): number {
  return need(constant(value)[0]);
}

function axisOf(axis: number, shape: Shape): number {
  const at = axis < 0 ? axis + shape.length : axis;
  expect(at >= 0 && at < Math.max(shape.length, 1), `axis ${axis} is outside`);
  return at;
}

/** Where an axis goes that is put in between the others or behind them. */
function newAxis(axis: number, shape: Shape): number {
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  expect(at >= 0 && at <= shape.length, `axis ${axis} is outside`);
  return at;
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('an input is missing');
  return value;
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
