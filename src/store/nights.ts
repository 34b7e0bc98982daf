import type { RecordEntry } from './record-path.ts';

/** Nights that are caught up at most; a ledger that rested for longer starts again with the newest. */
export const MOST_NIGHTS = 60;

export type NightPlan =
  | { readonly night: string; readonly state: 'judged'; readonly run: RecordEntry }
  /** No run since the one before: `run` is undefined where there never was one. */
  | { readonly night: string; readonly state: 'nothingNew'; readonly run: RecordEntry | undefined };

/**
 * The nights that the ledger lacks, oldest first, each with the newest run that was made in it: schedules are dropped under
 * load and switched off, and a run that a dropped night's successor made belongs to the night it was made in. A night is a
 * UTC day. Nights before the first run are no nights.
 * @param known nights that have an entry
 * @param tonight the last night to fill, inclusive
 */
export function planNights(
  runs: readonly RecordEntry[],
  known: ReadonlySet<string>,
  tonight: string,
): NightPlan[] {
  const ordered = [...runs].sort((a, b) => (a.createdAt + a.path < b.createdAt + b.path ? -1 : 1));
  const first = [...known, ...ordered.map(nightOf)].filter((night) => night <= tonight).sort()[0] ?? tonight;
  const plans: NightPlan[] = [];
  for (const night of nightsBetween(first, tonight)) {
    if (known.has(night)) continue;
    const inNight = ordered.filter((run) => nightOf(run) === night).at(-1);
    const before = ordered.filter((run) => nightOf(run) < night).at(-1);
    plans.push(
      inNight === undefined
        ? { night, state: 'nothingNew', run: before }
        : { night, state: 'judged', run: inNight },
    );
  }
  return plans;
}

export interface DueDecision {
  readonly due: boolean;
  /** One line for the log and the summary. */
  readonly text: string;
}

/**
 * Whether tonight's run would compute anything new. A run is decided by the recipe and the code, and is deterministic in its
 * seeds: one with both unchanged is not made again.
 * @param last the newest run of the recipe
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

function nightOf({ createdAt }: RecordEntry): string {
  return createdAt.slice(0, 10);
}

function nightsBetween(first: string, last: string): string[] {
  const day = 86_400_000;
  const [from, to] = [Date.parse(first), Date.parse(last)];
  const count = Math.max(0, Math.round((to - from) / day) + 1);
  const nights = Array.from({ length: count }, (_, i) => new Date(from + i * day).toISOString().slice(0, 10));
  return nights.slice(-MOST_NIGHTS);
}
