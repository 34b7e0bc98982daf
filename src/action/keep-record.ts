import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { ledgerBadge, renderLedger } from '../report/ledger-report.ts';
import { ledgerNights, ledgerRows, updateLedger } from '../store/ledger.ts';
import { runRecordPath } from '../store/record-path.ts';
import type { RecordStore } from '../store/record-store.ts';
import { runRecordText } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';

export interface KeepOptions {
  /** The records' name: the recipe's or the variant's. */
  readonly name: string;
  readonly ledger: boolean;
  /** The last night of the ledger, YYYY-MM-DD in UTC. */
  readonly tonight: string;
  /** Where `ledger.md` and `badge.json` are left, absolute. */
  readonly folder: string;
}

export interface Kept {
  /** Path of the record in the store; undefined where there was none to add. */
  readonly path: string | undefined;
  /** Where it was asked for. */
  readonly ledger: Ledger | undefined;
}

export interface Ledger {
  readonly markdown: string;
  readonly badge: Badge;
}

/** A badge for shields.io, and where it belongs: beside the records, at an address that stays. */
export interface Badge {
  readonly path: string;
  readonly text: string;
}

/**
 * Adds a run's record to the store, if there is one, and brings the ledger up to tonight: also a night without a run is a night.
 * @throws StoreError; a record or entry that is there and cannot be read stops it before anything is written to the ledger
 */
export async function keepRecord(
  store: RecordStore,
  record: RunRecord | undefined,
  { name, ledger, tonight, folder }: KeepOptions,
): Promise<Kept> {
  const path = record === undefined ? undefined : runRecordPath(record);
  if (record !== undefined && path !== undefined) await store.add([{ path, text: runRecordText(record) }]);
  if (!ledger) return { path, ledger: undefined };
  const { entries } = await updateLedger(store, name, tonight);
  const rows = ledgerRows(entries);
  const markdown = renderLedger(name, rows, ledgerNights(entries));
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(join(folder, LEDGER_FILE), markdown);
  const text = `${JSON.stringify(ledgerBadge(rows))}\n`;
  await writeFileAtomic(join(folder, BADGE_FILE), text);
  return { path, ledger: { markdown, badge: { path: `badges/${name}.json`, text } } };
}

export const LEDGER_FILE = 'ledger.md';
export const BADGE_FILE = 'badge.json';
