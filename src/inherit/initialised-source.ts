import type { TensorSpec } from '../weights/checkpoint.ts';
import { fromFloat32, isFloatDtype } from '../weights/dtype.ts';
import type { TensorSource } from '../weights/tensor-chunks.ts';
import { InheritError } from './errors.ts';
import { familyOf, layerCount } from './family.ts';
import type { Config } from './family.ts';
import { initialValues, initialiserOf } from './initialiser.ts';
import type { Initialiser } from './initialiser.ts';
import { architectureSpecs } from './random-specs.ts';

/** A tensor that is made, not copied: its values depend on the seed and its name alone. */
export function initialised(spec: TensorSpec, initialiser: Initialiser, seed: number): TensorSource {
  const { dtype } = spec;
  if (!isFloatDtype(dtype)) {
    throw new InheritError(
      'unsupported',
      `Tensor ${spec.name} has type ${dtype} and cannot start from random weights. Carry it over.`,
    );
  }
  return {
    spec,
    read: async () => fromFloat32(initialValues(spec.name, spec.shape, initialiser, seed), dtype),
  };
}

/** Every tensor of an architecture, initialised as transformers does. */
export function randomSources(config: Config, seed: number): TensorSource[] {
  const family = familyOf(config);
  const blocks = layerCount(config, family);
  return architectureSpecs(config).map((spec) =>
    initialised(spec, initialiserOf(spec.name, family.roleOf(spec.name)!, config, family, blocks), seed),
  );
}
