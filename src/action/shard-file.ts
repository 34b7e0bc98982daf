import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { EvaluationResult } from '../evaluate/result.ts';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { ActionError } from './action-error.ts';

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

/** The nine datasets and MMLU in full take about 40 MB; anything far larger is not ours. */
const MAX_FILE_BYTES = 256 * 2 ** 20;
const MAX_FILES = 4096;

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

/**
 * All shard files below a folder. An artifact comes from a job that ran the code of the change under test: whatever is not
 * exactly a shard file of this commit is an error that names it.
 * @throws ActionError, RecordError (exit code 2)
 */
export function readShardFiles(folder: string, headSha: string): ShardFile[] {
  const paths = jsonFiles(folder);
  const shards = paths.map((path) => parseShardFile(readFileSync(path), relative(folder, path)));
  const stranger = shards.findIndex((shard) => shard.headSha !== headSha);
  if (stranger !== -1) {
    throw new ActionError(
      'ACTION_RESULTS',
      `${relative(folder, paths[stranger]!)} is about commit ${shards[stranger]!.headSha.slice(0, 12)}, this job about ${headSha.slice(0, 12)}. Download the shards of this run only.`,
    );
  }
  return shards;
}

/** One shard file from its bytes; `file` names it in messages. */
export function parseShardFile(bytes: Uint8Array, file: string): ShardFile {
  const bad = (why: string): ActionError =>
    new ActionError(
      'ACTION_RESULTS',
      `${file} is not a shard of results: ${why}. Give "results" a folder with nothing but what the evaluate jobs left.`,
    );
  if (bytes.length > MAX_FILE_BYTES) throw bad(`it has ${String(bytes.length)} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw bad('it is not JSON');
  }
  const parsed = shardFile.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw bad(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'wrong'}`);
  }
  const { result, ...rest } = parsed.data;
  return { ...rest, result: result === null ? null : parseEvaluationResult(result, file) };
}

function jsonFiles(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ActionError(
      'ACTION_RESULTS',
      `The folder ${folder} with the shards cannot be read (${why}). Download the artifacts of the evaluate jobs into it first.`,
    );
  }
  // Links are not followed: an artifact could point out of its folder.
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.json'));
  if (files.length > MAX_FILES)
    throw new ActionError(
      'ACTION_RESULTS',
      `The folder ${folder} holds ${String(files.length)} files. Clear it first.`,
    );
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}
