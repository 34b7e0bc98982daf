/** Element types of TensorFlow that appear in our graphs, by their number in `types.proto`. */
export const TF = {
  FLOAT: 1,
  INT32: 3,
  INT64: 9,
  BOOL: 10,
  BFLOAT16: 14,
  RESOURCE: 20,
} as const;

export type TfType = (typeof TF)[keyof typeof TF];

export type Shape = readonly number[];

/** Element type as tfjs spells it. */
export type HostType = 'float32' | 'int32' | 'bool';

/** A tensor's values on the host. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

export const tfTypeOf: Readonly<Record<HostType, TfType>> = {
  float32: TF.FLOAT,
  int32: TF.INT32,
  bool: TF.BOOL,
};

export const bytesPerElement: Readonly<Record<TfType, number>> = {
  [TF.FLOAT]: 4,
  [TF.INT32]: 4,
  [TF.INT64]: 8,
  [TF.BOOL]: 1,
  [TF.BFLOAT16]: 2,
  [TF.RESOURCE]: 8,
};

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
