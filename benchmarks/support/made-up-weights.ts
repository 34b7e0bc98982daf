import { sizeOf } from '../../src/graph/tf-types.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { parametersOf } from '../../src/model/parameters.ts';
import type { Checkpoint } from '../../src/weights/checkpoint.ts';

/**
 * A checkpoint of the config's parameters that is nowhere, read into one host array for all tensors: for measuring steps, not how
 * weights are read.
 */
export function madeUpWeights(config: ModelConfig): Checkpoint {
  const tensors = parametersOf(config).map((spec) => ({ ...spec, dtype: 'F32' as const }));
  const scratch = new Float32Array(Math.max(...tensors.map(({ shape: dims }) => sizeOf(dims))));
  return {
    ...{ source: 'made-up weights', config: {}, sidecars: new Map() },
    tensors: new Map(tensors.map((spec) => [spec.name, spec])),
    readBytes: () => Promise.reject(new Error('made-up weights have no bytes')),
    readFloat32: (name) => {
      const spec = tensors.find((tensor) => tensor.name === name)!;
      const values = scratch.subarray(0, sizeOf(spec.shape));
      const gain = /norm|ln_/.test(name) && name.endsWith('weight');
      for (let i = 0; i < values.length; i++)
        values[i] = gain ? 1 : 0.02 * Math.sin(12.9898 * i + name.length);
      return Promise.resolve(values);
    },
    close: () => Promise.resolve(),
  };
}
