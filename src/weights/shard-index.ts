import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { WeightsError, fileErrorReason } from './errors.ts';

/** Which file of a sharded checkpoint holds which tensor (`weight_map` of `model.safetensors.index.json`). */
export interface ShardIndex {
  readonly weightMap: ReadonlyMap<string, string>;
}

/** huggingface.js stops at as many: an index is downloaded before anything else and must not name a million files. */
const MAX_SHARDS = 10_000;

const schema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Reads and checks an index file; shard names are plain file names, so that no index can reach outside its folder. */
export async function readShardIndex(path: string): Promise<ShardIndex> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = fileErrorReason(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new WeightsError('bad-file', `${path} cannot be read as JSON: ${reason}. Download it again.`, {
      cause,
    });
  }
  const result = schema.safeParse(parsed);
  if (!result.success) {
    throw new WeightsError(
      'bad-file',
      `${path} has no weight_map of tensor names to file names. Download it again.`,
    );
  }
  const index = { weightMap: new Map(Object.entries(result.data.weight_map)) };
  const shards = shardNames(index);
  const odd = shards.find((name) => !/^[\w.-]+\.safetensors$/.test(name));
  if (odd !== undefined) {
    throw new WeightsError(
      'bad-file',
      `${path} names the shard ${JSON.stringify(odd)}, which is not a safetensors file in its own folder. Download it again from a source you trust.`,
    );
  }
  if (shards.length === 0 || shards.length > MAX_SHARDS) {
    throw new WeightsError(
      'bad-file',
      `${path} names ${shards.length} shards; between 1 and ${MAX_SHARDS} are expected. Download it again.`,
    );
  }
  return index;
}

/** File names of an index, each once, sorted. */
export function shardNames(index: ShardIndex): string[] {
  return [...new Set(index.weightMap.values())].sort();
}
