import type { LedgerNight, LedgerRow } from '../report/ledger-report.ts';
import { parseRunRecordPath } from './record-path.ts';
import type { RecordEntry } from './record-path.ts';
import type { RecordStore } from './record-store.ts';
import { parseRunRecord } from './run-record.ts';
import type { RunRecord } from './run-record.ts';
import { CLAIMS } from './claims.ts';
import type { Claim } from './claims.ts';
import { judgeClaim } from './judge-claim.ts';
import { ledgerFile, parseLedgerEntry, parseLedgerPath } from './ledger-entry.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { planNights } from './nights.ts';
import type { NightPlan } from './nights.ts';

/** Runs of other nights that are read for a twin from random weights. */
const TWINS_READ = 10;

/**
 * Brings the ledger of a recipe up to tonight: every night without an entry gets one, all in one push. Everything is read
 * before anything is written.
 * @returns all entries, oldest first, and those that are new
 * @throws StoreError `baselineUnreadable`
 */
export async function updateLedger(
  store: RecordStore,
  name: string,
  tonight: string,
): Promise<{ readonly entries: readonly LedgerEntry[]; readonly added: readonly LedgerEntry[] }> {
  const paths = await store.list();
  const all = paths.flatMap((path) => parseRunRecordPath(path) ?? []);
  const runs = all.filter((entry) => entry.name === name);
  const known: LedgerEntry[] = [];
  for (const path of paths.filter((one) => parseLedgerPath(one)?.name === name))
    known.push(parseLedgerEntry(await store.read(path), path));
  const plans = planNights(runs, new Set(known.map(({ night }) => night)), tonight);
  const twins = plans.some(({ state }) => state === 'judged') ? await readTwins(store, all) : [];
  const added: LedgerEntry[] = [];
  for (const plan of plans) added.push(await entryOf(plan, name, store, twins));
  if (added.length > 0) await store.add(added.map(ledgerFile));
  const entries = [...known, ...added].sort((a, b) => (a.night < b.night ? -1 : 1));
  return { entries, added };
}

/** What the report shows: each claim with its newest result. */
export function ledgerRows(entries: readonly LedgerEntry[], claims: readonly Claim[] = CLAIMS): LedgerRow[] {
  return claims.map((claim): LedgerRow => {
    const found = [...entries].reverse().find((entry) => entry.claims.some((one) => one.claim === claim.id));
    const result = found?.claims.find((one) => one.claim === claim.id);
    const { text, source, relation, paper, measure } = claim;
    const unit =
      measure.kind === 'parameters' ? 'count' : measure.kind === 'leadOverRandom' ? 'nats' : 'percent';
    if (found === undefined || result === undefined)
      return { text, source, relation, paper, unit, latest: undefined };
    const { night, commit, device } = found;
    return { text, source, relation, paper, unit, latest: { ...result, night, commit, device } };
  });
}

export function ledgerNights(entries: readonly LedgerEntry[]): LedgerNight[] {
  return entries.map(({ night, state, run, gpuMinutes }) => ({ night, state, run, gpuMinutes }));
}

async function entryOf(
  plan: NightPlan,
  name: string,
  store: RecordStore,
  twins: readonly RunRecord[],
): Promise<LedgerEntry> {
  const shared = { schemaVersion: 1, kind: 'night', name, night: plan.night } as const;
  if (plan.state === 'nothingNew') {
    const nothing = { device: null, gpuMinutes: 0, claims: [] };
    return {
      ...shared,
      state: 'nothingNew',
      run: plan.run?.path ?? null,
      commit: plan.run?.commit ?? null,
      ...nothing,
    };
  }
  const { path } = plan.run;
  const record = parseRunRecord(await store.read(path), path);
  return {
    ...shared,
    ...{ state: 'judged', run: path, commit: record.commit },
    device: String(record.environment['processor'] ?? record.environment['device'] ?? 'unknown'),
    gpuMinutes: record.cost.gpuMinutes,
    claims: CLAIMS.flatMap((claim) => judgeClaim(claim, record, twins) ?? []),
  };
}

/** The newest run of each recipe: the run from random weights is a recipe of its own. */
async function readTwins(store: RecordStore, entries: readonly RecordEntry[]): Promise<RunRecord[]> {
  const newest = new Map<string, RecordEntry>();
  for (const entry of [...entries].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1)))
    newest.set(entry.name, entry);
  const twins: RunRecord[] = [];
  for (const { path } of [...newest.values()].slice(-TWINS_READ))
    twins.push(parseRunRecord(await store.read(path), path));
  return twins;
}
