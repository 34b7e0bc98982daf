/** What shape functions are written with. Their errors are sentences' ends: `inferOutputs` puts operation and shapes in front. */
import type { HostArray, Shape, TfType } from '../tf-types.ts';

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

export type ShapeTable = Readonly<Record<string, ShapeFunction>>;

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

export function like({ shape, type }: Known): Inferred {
  return { shape, type };
}

export function sameType(a: Known, b: Known): TfType {
  expect(a.type === b.type, `their element types ${a.type} and ${b.type} differ`);
  return a.type;
}

export function constant(value: Known | undefined): number[] {
  const values = need(value).values;
  if (values === undefined) throw new Error('a size, axis or permutation depends on data');
  return Array.from(values);
}

export function scalar(value: Known | undefined): number {
  return need(constant(value)[0]);
}

export function axisOf(axis: number, shape: Shape): number {
  const at = axis < 0 ? axis + shape.length : axis;
  expect(at >= 0 && at < Math.max(shape.length, 1), `axis ${axis} is outside`);
  return at;
}

/** Where an axis goes that is put in between the others or behind them. */
export function newAxis(axis: number, shape: Shape): number {
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  expect(at >= 0 && at <= shape.length, `axis ${axis} is outside`);
  return at;
}

export function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('an input is missing');
  return value;
}

export function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
