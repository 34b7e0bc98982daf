import { initialValues } from '../../src/inherit/initialiser.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { parametersOf } from '../../src/model/parameters.ts';
import type { Checkpoint } from '../../src/weights/checkpoint.ts';

/**
 * A checkpoint of the config's parameters that is nowhere, its values drawn when they are read: for measuring steps, not how
 * weights are read. Full-rank weights, as a model starts with: on others a step's rounding grows tenfold from step to step.
 */
export function madeUpWeights(config: ModelConfig): Checkpoint {
  const tensors = parametersOf(config).map((spec) => ({ ...spec, dtype: 'F32' as const }));
  return {
    ...{ source: 'made-up weights', config: {}, sidecars: new Map() },
    tensors: new Map(tensors.map((spec) => [spec.name, spec])),
    readBytes: () => Promise.reject(new Error('made-up weights have no bytes')),
    readFloat32: (name) => {
      const { shape } = tensors.find((tensor) => tensor.name === name)!;
      const gain = /norm|ln_/.test(name) && name.endsWith('weight');
      return Promise.resolve(
        initialValues(name, shape, gain ? { kind: 'ones' } : { kind: 'normal', std: 0.02 }, 0),
      );
    },
    close: () => Promise.resolve(),
  };
}
