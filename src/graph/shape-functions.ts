/**
 * Output types and shapes of the TensorFlow operations that a trace may emit: what TensorFlow's own shape
 * functions (`tensorflow/core/ops/*.cc`) say for fully known input shapes.
 */
import { GraphError } from './graph-error.ts';
import { elementwiseShapes } from './shapes/elementwise.ts';
import type { AttributeValues, Inferred, Known, ShapeTable } from './shapes/known.ts';
import { layoutShapes } from './shapes/layout.ts';
import { productShapes } from './shapes/products.ts';
import { reductionShapes } from './shapes/reductions.ts';

export const shapeFunctions: ShapeTable = {
  ...elementwiseShapes,
  ...reductionShapes,
  ...productShapes,
  ...layoutShapes,
};

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
      `The tensor program uses the TensorFlow operation ${op}, which the tracer has no shape function for. Add one in src/graph/shapes.`,
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
