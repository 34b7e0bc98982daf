import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { findBaseline, newestRun } from './add-run.ts';
import type { BaselineQuestion } from './baseline.ts';
import { runRecordPath } from './record-path.ts';
import type { RecordStore } from './record-store.ts';
import { parseRunRecord } from './run-record.ts';
import type { RunRecord } from './run-record.ts';

export type ReusableRun =
  | { readonly status: 'found'; readonly id: string; readonly record: RunRecord }
  | { readonly status: 'none'; readonly text: string };

export interface ReuseQuestion {
  /** Where to look: a record's file, a store, or one record of it as STORE:runs/….json. */
  readonly spec: string;
  readonly cwd: string;
  /** The recipe's name. */
  readonly name: string;
  /** Chooses by history; without it the newest record of the recipe counts, as equal inputs are equal wherever they are from. */
  readonly history: Omit<BaselineQuestion, 'name'> | undefined;
  readonly openStore: (spec: string) => RecordStore;
}

/**
 * The record that a run may take stages from.
 * @throws StoreError `baselineUnreadable`, `storeUnreachable`: neither is taken for having no baseline
 */
export async function findReusableRun(question: ReuseQuestion): Promise<ReusableRun> {
  const { spec, cwd, name, history, openStore } = question;
  const file = resolve(cwd, spec);
  if ((await stat(file).catch(() => undefined))?.isFile() === true) {
    const record = parseRunRecord(await readFile(file, 'utf8'), spec);
    // The record's own place in a store, wherever this copy lies.
    return { status: 'found', id: runRecordPath(record), record };
  }
  const [, storeSpec, path] = /^(.+):(runs\/.+\.json)$/s.exec(spec) ?? [];
  if (storeSpec !== undefined && path !== undefined)
    return {
      status: 'found',
      id: path,
      record: parseRunRecord(await openStore(storeSpec).read(path), path),
    };
  const store = openStore(spec);
  if (history !== undefined) {
    const { choice, record } = await findBaseline(store, { ...history, name });
    return record === undefined || choice.status === 'none'
      ? { status: 'none', text: choice.text }
      : { status: 'found', id: choice.entry.path, record };
  }
  const newest = await newestRun(store, name);
  return newest === undefined
    ? { status: 'none', text: `no baseline: the store holds no record of ${name}` }
    : { status: 'found', id: newest.path, record: newest.record };
}
