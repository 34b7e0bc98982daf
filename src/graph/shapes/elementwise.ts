import { broadcast, expect, like, need, sameType } from './known.ts';
import type { ShapeTable, ShapeFunction } from './known.ts';
import { TF } from '../tf-types.ts';
import type { TfType } from '../tf-types.ts';

const same: ShapeFunction = ([x]) => [like(need(x))];

const elementwise: ShapeFunction = ([a, b]) => [
  { type: sameType(need(a), need(b)), shape: broadcast(need(a).shape, need(b).shape) },
];

const comparison: ShapeFunction = ([a, b]) => {
  sameType(need(a), need(b));
  return [{ type: TF.BOOL, shape: broadcast(need(a).shape, need(b).shape) }];
};

/** Operations that take elements one by one: the output has the (broadcast) shape of the inputs. */
export const elementwiseShapes: ShapeTable = {
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
  AddN: (inputs) => {
    for (const input of inputs) {
      expect(String(input.shape) === String(need(inputs[0]).shape), 'the summands differ in shape');
      sameType(input, need(inputs[0]));
    }
    return [like(need(inputs[0]))];
  },
  SelectV2: ([condition, yes, no]) => [
    {
      type: sameType(need(yes), need(no)),
      shape: broadcast(need(condition).shape, broadcast(need(yes).shape, need(no).shape)),
    },
  ],
};
