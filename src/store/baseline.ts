import type { RecordEntry } from './record-path.ts';

/** What the choice of a baseline is made from. */
export interface BaselineQuestion {
  /** The recipe's name. */
  readonly name: string;
  /** Undefined outside of a pull request, or where the histories have no commit in common. */
  readonly mergeBase: string | undefined;
  /** Ancestors of the merge base, nearest first; may be cut short. */
  readonly ancestors: readonly string[];
  /** The configured branch and its commits, newest first. */
  readonly branch: { readonly name: string; readonly commits: readonly string[] } | undefined;
  /** A record of this commit is head itself and never its own baseline. */
  readonly head?: string | undefined;
}

export type BaselineChoice =
  | {
      readonly status: 'found';
      readonly entry: RecordEntry;
      readonly why: 'mergeBase' | 'ancestor' | 'branch';
      /** For the report: which commit, and why this one. */
      readonly text: string;
    }
  | { readonly status: 'none'; readonly text: string };

/**
 * The record to compare with: that of the merge base, else of its nearest ancestor with one, else of the newest commit of
 * the configured branch with one. Comparing with the newest entry instead (github-action-benchmark #267) charges a pull
 * request with what others did since. Of several records of one commit the newest counts.
 */
export function chooseBaseline(question: BaselineQuestion, entries: readonly RecordEntry[]): BaselineChoice {
  const { name, mergeBase, ancestors, branch, head } = question;
  const newest = newestByCommit(entries.filter((entry) => entry.name === name));
  if (mergeBase !== undefined) {
    const found = mergeBase === head ? undefined : newest.get(mergeBase);
    if (found !== undefined)
      return { status: 'found', entry: found, why: 'mergeBase', text: `merge base ${short(mergeBase)}` };
    const distance = ancestors.findIndex((commit) => commit !== head && newest.has(commit));
    const ancestor = newest.get(ancestors[distance] ?? '');
    if (ancestor !== undefined) {
      const steps = distance + 1;
      const text = `${short(ancestor.commit)}, ${steps} ${steps === 1 ? 'commit' : 'commits'} before the merge base ${short(mergeBase)}, which has no record`;
      return { status: 'found', entry: ancestor, why: 'ancestor', text };
    }
  }
  const commit = branch?.commits.find((one) => one !== head && newest.has(one));
  const entry = newest.get(commit ?? '');
  if (branch !== undefined && entry !== undefined) {
    const because =
      mergeBase === undefined ? 'there is no merge base' : 'no ancestor of the merge base has a record';
    return {
      status: 'found',
      entry,
      why: 'branch',
      text: `${short(commit)} of ${branch.name}, as ${because}`,
    };
  }
  const total = entries.filter((one) => one.name === name).length;
  return {
    status: 'none',
    text:
      total === 0
        ? `no baseline: the store holds no record of ${name}`
        : `no baseline: none of the ${total} records of ${name} is of the merge base, an ancestor of it${branch === undefined ? '' : `, or ${branch.name}`}`,
  };
}

function newestByCommit(entries: readonly RecordEntry[]): Map<string, RecordEntry> {
  const newest = new Map<string, RecordEntry>();
  for (const entry of entries) {
    if (entry.commit === undefined) continue;
    const other = newest.get(entry.commit);
    // Equal times are told apart by path, so that every reader chooses the same.
    const isNewer =
      other === undefined ||
      entry.createdAt > other.createdAt ||
      (entry.createdAt === other.createdAt && entry.path > other.path);
    if (isNewer) newest.set(entry.commit, entry);
  }
  return newest;
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 10) ?? '';
}
