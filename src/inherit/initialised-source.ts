import { parseConfig } from '../model/config.ts';
import { parametersOf } from '../model/parameters.ts';
import type { TensorSpec } from '../weights/checkpoint.ts';
import { fromFloat32, isFloatDtype } from '../weights/dtype.ts';
import type { TensorSource } from '../weights/tensor-chunks.ts';
import { InheritError } from './errors.ts';
import { familyOf } from './family.ts';
import type { Config } from './family.ts';
import { initialValues, initialiserOf } from './initialiser.ts';
import type { Initialiser } from './initialiser.ts';

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

/** Every tensor of the architecture in `config`, in float32 and initialised as transformers does. */
export function randomSources(config: Config, seed: number): TensorSource[] {
  const family = familyOf(config);
  const parsed = parseConfig(config, 'config.json');
  return parametersOf(parsed).map(({ name, shape }) =>
    initialised(
      { name, shape, dtype: 'F32' },
      initialiserOf(name, family.roleOf(name)!, config, family, parsed.layers),
      seed,
    ),
  );
}
