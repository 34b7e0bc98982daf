import type { TensorSpec } from './checkpoint.ts';
import { byteLength } from './dtype.ts';

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** Hugging Face's own default of a shard since transformers 4.41. */
export const DEFAULT_MAX_SHARD_BYTES = 5_000_000_000;

export interface ShardPlan {
  readonly files: readonly { readonly name: string; readonly specs: readonly TensorSpec[] }[];
  /** Content of `model.safetensors.index.json`; absent for a single file. */
  readonly index:
    | {
        readonly metadata: { readonly total_parameters: number; readonly total_size: number };
        readonly weight_map: Readonly<Record<string, string>>;
      }
    | undefined;
}

/**
 * Splits tensors over files as `split_torch_state_dict_into_shards` of huggingface_hub does: in the given order, a new file where
 * the next tensor would pass `maxShardBytes`; a tensor larger than that has a file of its own.
 */
export function planShards(
  specs: readonly TensorSpec[],
  maxShardBytes: number = DEFAULT_MAX_SHARD_BYTES,
): ShardPlan {
  const shards: TensorSpec[][] = [];
  let filled = 0;
  let totalBytes = 0;
  let parameters = 0;
  for (const spec of specs) {
    const bytes = byteLength(spec.dtype, spec.shape);
    const current = shards.at(-1);
    if (current === undefined || (filled > 0 && filled + bytes > maxShardBytes)) {
      shards.push([spec]);
      filled = bytes;
    } else {
      current.push(spec);
      filled += bytes;
    }
    totalBytes += bytes;
    parameters += spec.shape.reduce((product, size) => product * size, 1);
  }
  if (shards.length <= 1) return { files: [{ name: SINGLE_FILE, specs: shards[0] ?? [] }], index: undefined };

  const digits = (number: number): string => String(number).padStart(5, '0');
  const files = shards.map((members, i) => ({
    name: `model-${digits(i + 1)}-of-${digits(shards.length)}.safetensors`,
    specs: members,
  }));
  const pairs = files.flatMap((file) => file.specs.map((spec): [string, string] => [spec.name, file.name]));
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    files,
    index: {
      metadata: { total_parameters: parameters, total_size: totalBytes },
      weight_map: Object.fromEntries(pairs),
    },
  };
}
