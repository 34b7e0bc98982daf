import { z } from 'zod';
import type { EvaluationResult } from '../evaluate/result.ts';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { checkPart } from './check-part.ts';

/** What one evaluate job leaves: its part of the results, and what it is a part of. */
export interface ShardFile {
  readonly kind: 'inheritune-shard';
  readonly schemaVersion: 1;
  readonly variant: string;
  readonly shard: { readonly index: number; readonly count: number };
  /** The commit the job was about. */
  readonly headSha: string;
  readonly recipe: string;
  /** All tasks of the recipe, not only this shard's. */
  readonly requested: readonly string[];
  /** Null where there were more shards than tasks. */
  readonly result: EvaluationResult | null;
}

const name = z.string().min(1).max(200);
const shardFile = z.strictObject({
  kind: z.literal('inheritune-shard'),
  schemaVersion: z.literal(1),
  variant: z.string().regex(COMMENT_KEY),
  shard: z
    .strictObject({ index: z.int().min(1), count: z.int().min(1).max(256) })
    .refine(({ index, count }) => index <= count, 'index is above count'),
  headSha: z.string().regex(/^[0-9a-f]{40,64}$/),
  recipe: z.string().max(1000),
  requested: z.array(name).min(1).max(1000),
  result: z.unknown(),
});

/** One shard file from its JSON; `file` names it in messages. @throws ActionError, RecordError */
export function parseShardFile(json: unknown, file: string): ShardFile {
  const { result, ...rest } = checkPart(shardFile, json, file, 'a shard of results');
  return { ...rest, result: result === null ? null : parseEvaluationResult(result, file) };
}
