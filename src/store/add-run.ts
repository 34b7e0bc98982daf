import { chooseBaseline } from './baseline.ts';
import type { BaselineChoice, BaselineQuestion } from './baseline.ts';
import { byTime } from './nights.ts';
import { parseRunRecordPath, runRecordPath } from './record-path.ts';
import type { RecordStore } from './record-store.ts';
import { parseRunRecord, runRecordText } from './run-record.ts';
import type { RunRecord } from './run-record.ts';

export interface FoundBaseline {
  readonly choice: BaselineChoice;
  /** Undefined where `choice` is none. */
  readonly record: RunRecord | undefined;
}

/**
 * The baseline of a run, read and checked.
 * @throws StoreError `baselineUnreadable`: a broken baseline is never taken for none
 */
export async function findBaseline(store: RecordStore, question: BaselineQuestion): Promise<FoundBaseline> {
  const entries = (await store.list()).flatMap((path) => parseRunRecordPath(path) ?? []);
  const choice = chooseBaseline(question, entries);
  if (choice.status === 'none') return { choice, record: undefined };
  const { path } = choice.entry;
  return { choice, record: parseRunRecord(await store.read(path), path) };
}

/**
 * Adds a run's record to a store, after its baseline was read: with an unreadable baseline nothing is written.
 * @param question undefined: there is nothing to compare with
 * @returns the baseline and the path of the new record
 */
export async function addRun(
  store: RecordStore,
  record: RunRecord,
  question: BaselineQuestion | undefined,
): Promise<{ readonly baseline: FoundBaseline | undefined; readonly path: string }> {
  const baseline = question === undefined ? undefined : await findBaseline(store, question);
  const path = runRecordPath(record);
  await store.add([{ path, text: runRecordText(record) }]);
  return { baseline, path };
}

/** The newest run of a recipe. @throws StoreError `baselineUnreadable` */
export async function newestRun(
  store: RecordStore,
  name: string,
): Promise<{ readonly path: string; readonly record: RunRecord } | undefined> {
  const newest = (await store.list())
    .flatMap((path) => parseRunRecordPath(path) ?? [])
    .filter((entry) => entry.name === name)
    .sort(byTime)
    .at(-1);
  return newest && { path: newest.path, record: parseRunRecord(await store.read(newest.path), newest.path) };
}

/** All runs of a recipe, oldest first. @throws StoreError `baselineUnreadable` */
export async function readRuns(
  store: RecordStore,
  wanted: (entry: { readonly name: string; readonly createdAt: string; readonly path: string }) => boolean,
): Promise<{ readonly path: string; readonly record: RunRecord }[]> {
  const entries = (await store.list())
    .flatMap((path) => parseRunRecordPath(path) ?? [])
    .filter(wanted)
    .sort((a, b) => (a.createdAt + a.path < b.createdAt + b.path ? -1 : 1));
  const runs = [];
  for (const { path } of entries) runs.push({ path, record: parseRunRecord(await store.read(path), path) });
  return runs;
}
