import { axisOf, broadcast, constant, expect, need, newAxis, sameType, scalar } from './known.ts';
import type { ShapeTable } from './known.ts';
import { sizeOf } from '../tf-types.ts';

/** Operations that move, cut, repeat or create elements. */
export const layoutShapes: ShapeTable = {
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
  GatherV2: ([params, indices, axis]) => {
    const { shape, type } = need(params);
    const at = axisOf(scalar(axis), shape);
    return [{ type, shape: [...shape.slice(0, at), ...need(indices).shape, ...shape.slice(at + 1)] }];
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
};
