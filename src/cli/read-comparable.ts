import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InherituneError } from '../errors.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { asRecorded, expandModel } from '../store/compact-model.ts';
import { claimsToBeRunRecord, parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';

/** One side of a comparison. */
export type Comparable =
  | { readonly kind: 'result'; readonly result: EvaluationResult }
  | { readonly kind: 'record'; readonly record: RunRecord; readonly result: JudgedResult };

/** A results file, the folder of a run, or a run record; `model` says which of a run's models. */
export async function readComparable(path: string, model: string, cwd: string): Promise<Comparable> {
  const given = resolve(cwd, path);
  const isFolder = (await stat(given).catch(() => undefined))?.isDirectory() === true;
  const file = isFolder ? join(given, 'results', `${model}.json`) : given;
  const shown = isFolder ? join(path, 'results', `${model}.json`) : path;
  const { text, json } = await readJson(file, shown);
  return claimsToBeRunRecord(json)
    ? recordedModel(parseRunRecord(text, shown), model, shown)
    : { kind: 'result', result: parseEvaluationResult(json, shown) };
}

/** One model of a record. @throws InherituneError where the record has no such model */
export function recordedModel(record: RunRecord, model: string, shown: string): Comparable {
  const found = record.models[model];
  if (found !== undefined) return { kind: 'record', record, result: expandModel(found, record.itemSets) };
  throw new InherituneError(
    'result',
    `${shown} has no ${model} model, only ${Object.keys(record.models).join(', ') || 'none'}. Name one of them with --model.`,
  );
}

/** Both sides in one form: a record keeps less of an item than a result does. */
export function bothSides(base: Comparable, head: Comparable): [JudgedResult, JudgedResult] {
  if (base.kind === 'result' && head.kind === 'result') return [base.result, head.result];
  const recorded = (side: Comparable): JudgedResult =>
    side.kind === 'record' ? side.result : asRecorded(side.result);
  return [recorded(base), recorded(head)];
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
