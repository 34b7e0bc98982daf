import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { claimsToBeRunRecord, parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { ActionError } from './action-error.ts';
import { parseShardFile } from './shard-file.ts';
import type { ShardFile } from './shard-file.ts';
import { parseTrainingFile } from './training-file.ts';
import type { TrainingFile } from './training-file.ts';
import { parseUnfitFile } from './unfit-file.ts';
import type { UnfitFile } from './unfit-file.ts';

/** What the jobs of one workflow run left for each other, by kind. */
export interface PartFiles {
  readonly shards: readonly ShardFile[];
  readonly trainings: readonly TrainingFile[];
  readonly records: readonly RunRecord[];
  readonly unfit: readonly UnfitFile[];
}

/** The nine datasets and MMLU in full take about 40 MB; anything far larger is not ours. */
const MAX_FILE_BYTES = 256 * 2 ** 20;
const MAX_FILES = 4096;

/**
 * All files below a folder that jobs of this run left; none where there is no such folder. An artifact comes from a job that ran
 * the code of the change under test: whatever is not exactly one of them, of this commit, is an error that names it.
 * @throws InherituneError (exit code 2)
 */
export function readPartFiles(folder: string, headSha: string): PartFiles {
  const shards: ShardFile[] = [];
  const trainings: TrainingFile[] = [];
  const records: RunRecord[] = [];
  const unfit: UnfitFile[] = [];
  for (const path of jsonFiles(folder)) {
    const file = relative(folder, path);
    const json = readJson(path, file);
    if (claimsToBeRunRecord(json)) {
      const record = parseRunRecord(JSON.stringify(json), file);
      checkCommit(file, record.commit ?? 'none', headSha);
      records.push(record);
    } else {
      const part = parsePart(json, file);
      checkCommit(file, part.headSha, headSha);
      if (part.kind === 'inheritune-training') trainings.push(part);
      else if (part.kind === 'inheritune-unfit') unfit.push(part);
      else shards.push(part);
    }
  }
  return { shards, trainings, records, unfit };
}

function parsePart(json: unknown, file: string): TrainingFile | UnfitFile | ShardFile {
  const kind = typeof json === 'object' && json !== null && 'kind' in json ? json.kind : undefined;
  if (kind === 'inheritune-training') return parseTrainingFile(json, file);
  if (kind === 'inheritune-unfit') return parseUnfitFile(json, file);
  return parseShardFile(json, file);
}

function checkCommit(file: string, commit: string, headSha: string): void {
  if (commit === headSha) return;
  throw new ActionError(
    'ACTION_RESULTS',
    `${file} is about commit ${commit.slice(0, 12)}, this job about ${headSha.slice(0, 12)}. Download what this run left only.`,
  );
}

function readJson(path: string, file: string): unknown {
  const bad = (why: string): ActionError =>
    new ActionError(
      'ACTION_RESULTS',
      `${file} is not a part of this run: ${why}. Give "results" a folder with nothing but what its jobs left.`,
    );
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw bad(`it has ${String(size)} bytes`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw bad('it is not JSON');
  }
}

function jsonFiles(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    // Where no artifact matches, actions/download-artifact makes no folder: the jobs before left nothing.
    if (why === 'ENOENT') return [];
    throw new ActionError(
      'ACTION_RESULTS',
      `The folder ${folder} with the results cannot be read (${why}). Give "results" the folder that the artifacts of the jobs before were downloaded into.`,
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
