import type { LedgerNight, LedgerRow } from '../report/ledger-report.ts';
import { parseRunRecordPath, pathInStore } from './record-path.ts';
import type { RecordEntry } from './record-path.ts';
import type { RecordStore } from './record-store.ts';
import { parseRunRecord } from './run-record.ts';
import type { RunRecord } from './run-record.ts';
import { CLAIMS } from './claims.ts';
import type { Claim } from './claims.ts';
import { judgeClaim } from './judge-claim.ts';
import { ledgerFile, parseLedgerEntry, parseLedgerPath } from './ledger-entry.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { byTime, nightOf, planNights } from './nights.ts';
import type { KnownNights, NightPlan } from './nights.ts';

/** Runs of other nights that are read for a twin from random weights. */
const TWINS_READ = 10;

/**
 * Brings the ledger of a recipe up to tonight: every night without an entry gets one, and so does every night with a record that no
 * entry has taken in; all in one push. Everything is read before anything is written.
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
  const plans = planNights(runs, knownNights(known), tonight);
  const twins = plans.some(({ state }) => state === 'judged') ? await readTwins(store, all) : [];
  const added: LedgerEntry[] = [];
  for (const plan of plans) added.push(await entryOf(plan, name, store, twins));
  if (added.length > 0) await store.add(added.map(ledgerFile));
  return { entries: [...known, ...added].sort(inOrder), added };
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

/** A night that was entered as one without a run, and whose run was recorded afterwards, is not shown as both. */
export function ledgerNights(entries: readonly LedgerEntry[]): LedgerNight[] {
  const judged = new Set(entries.flatMap(({ night, state }) => (state === 'judged' ? [night] : [])));
  return entries
    .filter(({ night, state }) => state === 'judged' || !judged.has(night))
    .map(({ night, state, run, gpuMinutes }) => ({ night, state, run, gpuMinutes }));
}

function knownNights(entries: readonly LedgerEntry[]): KnownNights {
  const named = new Set<string>();
  /** Of the entries that do not list what they took in: the time of the run that was the night's newest. */
  const newestOf = new Map<string, string>();
  for (const { night, state, run, runs } of entries) {
    if (state !== 'judged' || run === null) continue;
    for (const path of runs ?? [run]) named.add(pathInStore(path));
    if (runs === undefined) newestOf.set(night, parseRunRecordPath(run)?.createdAt ?? '');
  }
  return {
    nights: new Set(entries.map(({ night }) => night)),
    tookIn: (run) => named.has(pathInStore(run.path)) || run.createdAt < (newestOf.get(nightOf(run)) ?? ''),
  };
}

/** By night, and within a night in the order in which the runs were made. */
function inOrder(a: LedgerEntry, b: LedgerEntry): number {
  if (a.night !== b.night) return a.night < b.night ? -1 : 1;
  if (a.state !== b.state) return a.state === 'nothingNew' ? -1 : 1;
  const [left, right] = [parseRunRecordPath(a.run ?? ''), parseRunRecordPath(b.run ?? '')];
  return left === undefined || right === undefined ? 0 : byTime(left, right);
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
    ...{ state: 'judged', run: path, runs: plan.runs.map((run) => run.path), commit: record.commit },
    device: String(record.environment['processor'] ?? record.environment['device'] ?? 'unknown'),
    gpuMinutes: record.cost.gpuMinutes,
    claims: CLAIMS.flatMap((claim) => judgeClaim(claim, record, twins) ?? []),
  };
}

/** The newest run of each recipe: the run from random weights is a recipe of its own. */
async function readTwins(store: RecordStore, entries: readonly RecordEntry[]): Promise<RunRecord[]> {
  const newest = new Map<string, RecordEntry>();
  for (const entry of [...entries].sort(byTime)) newest.set(entry.name, entry);
  const twins: RunRecord[] = [];
  for (const { path } of [...newest.values()].slice(-TWINS_READ))
    twins.push(parseRunRecord(await store.read(path), path));
  return twins;
}
