import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InherituneError } from '../errors.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { parseRunResult } from '../report/result-schema.ts';
import { createRunRecord } from '../run/run-record.ts';
import { expandModel } from '../store/compact-model.ts';
import { claimsToBeRunRecord, isGrown, parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';

/** One side of a comparison. */
export interface Comparable {
  /** Undefined for a growing run, which has no scores: its record says what it came to. */
  readonly result: JudgedResult | undefined;
  /** Undefined for a results file, which says nothing of the run it is from. */
  readonly record: RunRecord | undefined;
}

/** A results file, the folder of a run, or a run record; `model` says which of a run's models. */
export async function readComparable(path: string, model: string, cwd: string): Promise<Comparable> {
  const given = resolve(cwd, path);
  const isFolder = (await stat(given).catch(() => undefined))?.isDirectory() === true;
  const made = isFolder ? await recordOf(given) : undefined;
  if (isGrown(made)) return { record: made, result: undefined };
  const file = isFolder ? join(given, 'results', `${model}.json`) : given;
  const shown = isFolder ? join(path, 'results', `${model}.json`) : path;
  const { text, json } = await readJson(file, shown);
  if (claimsToBeRunRecord(json)) {
    const record = parseRunRecord(text, shown);
    return { record, result: isGrown(record) ? undefined : recordedModel(record, model, shown) };
  }
  return { result: parseRunResult(json, shown), record: made };
}

/** One model of a record. @throws InherituneError where the record has no such model */
export function recordedModel(record: RunRecord, model: string, shown: string): JudgedResult {
  const found = record.models[model];
  if (found !== undefined) return expandModel(found, record.itemSets);
  throw new InherituneError(
    'result',
    `${shown} has no ${model} model, only ${Object.keys(record.models).join(', ') || 'none'}. Name one of them with --model.`,
  );
}

/** What a run's folder says beside its scores; undefined for one that has only those. */
async function recordOf(folder: string): Promise<RunRecord | undefined> {
  try {
    return await createRunRecord({ folder, commit: undefined, now: new Date(0) });
  } catch (cause) {
    if (cause instanceof InherituneError && cause.code === 'runIncomplete') return undefined;
    throw cause;
  }
}

async function readJson(file: string, shown: string): Promise<{ text: string; json: unknown }> {
  try {
    const text = await readFile(file, 'utf8');
    return { text, json: JSON.parse(text) as unknown };
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
    throw new InherituneError(
      'result',
      `${shown}: ${reason}. Give a file that \`inheritune evaluate\` wrote, a run record, or the folder of a run.`,
      { cause },
    );
  }
}
