import type { RecordEntry } from './record-path.ts';

/** Nights that are caught up at most; a ledger that rested for longer starts again with the newest. */
export const MOST_NIGHTS = 60;

export type NightPlan =
  /** `runs` are the records that the entry takes in: `run`, and older ones of the night that it stands for. */
  | {
      readonly night: string;
      readonly state: 'judged';
      readonly run: RecordEntry;
      readonly runs: readonly RecordEntry[];
    }
  /** No run since the one before: `run` is undefined where there never was one. */
  | { readonly night: string; readonly state: 'nothingNew'; readonly run: RecordEntry | undefined };

/** What a ledger already holds. */
export interface KnownNights {
  readonly nights: ReadonlySet<string>;
  /** Whether an entry has taken a record in. */
  readonly tookIn: (run: RecordEntry) => boolean;
}

/**
 * What the ledger lacks, oldest first: nights without an entry, and nights of which it has not taken in every record. Schedules are
 * dropped under load and switched off, and a run may be recorded after its night was entered, so what is left to judge is decided by
 * the records that entries name, and never by time. Of the records of a night that are new the newest is judged. A night is the UTC
 * day that its run was made in; nights before the first run are no nights.
 * @param tonight the last night to fill, inclusive
 */
export function planNights(
  runs: readonly RecordEntry[],
  { nights: known, tookIn }: KnownNights,
  tonight: string,
): NightPlan[] {
  const ordered = [...runs].sort(byTime);
  const first = [...known, ...ordered.map(nightOf)].filter((night) => night <= tonight).sort()[0] ?? tonight;
  const plans: NightPlan[] = [];
  for (const night of nightsBetween(first, tonight)) {
    const fresh = ordered.filter((run) => nightOf(run) === night && !tookIn(run));
    const run = fresh.at(-1);
    if (run !== undefined) plans.push({ night, state: 'judged', run, runs: fresh });
    else if (!known.has(night))
      plans.push({
        night,
        state: 'nothingNew',
        run: ordered.filter((one) => nightOf(one) < night).at(-1),
      });
  }
  return plans;
}

/** Oldest first; equal times are told apart by path, so that every reader has the same order. */
export function byTime(a: RecordEntry, b: RecordEntry): number {
  return a.createdAt + a.path < b.createdAt + b.path ? -1 : 1;
}

export interface DueDecision {
  readonly due: boolean;
  /** One line for the log and the summary. */
  readonly text: string;
}

/**
 * Whether tonight's run would compute anything new. A run is decided by the recipe and the code, and is deterministic in its
 * seeds: one with both unchanged is not made again.
 * @param last a run of this recipe and commit where the store has one, else the newest run of the recipe's name
 */
export function decideNight(
  tonight: { readonly recipeHash: string; readonly commit: string | undefined },
  last:
    { readonly recipeHash: string; readonly commit: string | null; readonly createdAt: string } | undefined,
): DueDecision {
  if (last === undefined) return { due: true, text: 'Run: there is no run of this recipe yet.' };
  if (tonight.recipeHash !== last.recipeHash)
    return { due: true, text: `Run: the recipe changed since ${last.createdAt.slice(0, 10)}.` };
  if (tonight.commit === undefined || last.commit === null)
    return { due: true, text: 'Run: the commit of the last run or of this checkout is not known.' };
  if (tonight.commit !== last.commit)
    return {
      due: true,
      text: `Run: ${tonight.commit.slice(0, 10)} is checked out and the last run was of ${last.commit.slice(0, 10)}.`,
    };
  return {
    due: false,
    text: `Nothing new since ${last.createdAt.slice(0, 10)} (${last.commit.slice(0, 10)}): 0 GPU-minutes.`,
  };
}

export function nightOf({ createdAt }: Pick<RecordEntry, 'createdAt'>): string {
  return createdAt.slice(0, 10);
}

function nightsBetween(first: string, last: string): string[] {
  const day = 86_400_000;
  const [from, to] = [Date.parse(first), Date.parse(last)];
  const count = Math.max(0, Math.round((to - from) / day) + 1);
  const nights = Array.from({ length: count }, (_, i) => new Date(from + i * day).toISOString().slice(0, 10));
  return nights.slice(-MOST_NIGHTS);
}
