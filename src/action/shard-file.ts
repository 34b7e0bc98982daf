import { z } from 'zod';
import type { EvaluationResult } from '../evaluate/result.ts';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { checkPart } from './check-part.ts';
import { MODEL_KEYS } from './stage-command.ts';
import type { ModelKey } from './stage-command.ts';

/** What one evaluate job leaves: its part of the results, and what it is a part of. */
export interface ShardFile {
  readonly kind: 'inheritune-shard';
  readonly schemaVersion: 2;
  readonly variant: string;
  readonly shard: { readonly index: number; readonly count: number };
  /** The commit the job was about. */
  readonly headSha: string;
  readonly recipe: string;
  /** All tasks of the recipe, not only this shard's; none where it grows. */
  readonly requested: readonly string[];
  /** The models that the shards of this variant evaluate. */
  readonly models: readonly ModelKey[];
  /** By model; empty where there were more shards than tasks, or nothing was left to evaluate. */
  readonly results: Readonly<Partial<Record<ModelKey, EvaluationResult>>>;
}

const name = z.string().min(1).max(200);
const shardFile = z.strictObject({
  kind: z.literal('inheritune-shard'),
  schemaVersion: z.literal(2),
  variant: z.string().regex(COMMENT_KEY),
  shard: z
    .strictObject({ index: z.int().min(1), count: z.int().min(1).max(256) })
    .refine(({ index, count }) => index <= count, 'index is above count'),
  headSha: z.string().regex(/^[0-9a-f]{40,64}$/),
  recipe: z.string().max(1000),
  requested: z.array(name).max(1000),
  models: z.array(z.enum(MODEL_KEYS)).max(MODEL_KEYS.length),
  results: z.partialRecord(z.enum(MODEL_KEYS), z.unknown()),
});

/** One shard file from its JSON; `file` names it in messages. @throws ActionError, RecordError */
export function parseShardFile(json: unknown, file: string): ShardFile {
  const { results, ...rest } = checkPart(shardFile, json, file, 'a shard of results');
  return {
    ...rest,
    results: Object.fromEntries(
      Object.entries(results).map(([key, result]) => [key, parseEvaluationResult(result, file)]),
    ),
  };
}
