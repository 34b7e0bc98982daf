import type { PackingLimits } from './pack-rows.ts';
import type { TokenRequest } from './result.ts';

/** Requests that follow each other in lexicographic order, and how much of their shared beginning is computed once for all. */
export interface RequestGroup {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Tokens whose keys and values are kept for all rows of the group; 0: each row computes what its requests share. */
  readonly contextTokens: number;
}

/** Shorter beginnings are computed again with each row: keeping them takes a run of its own. */
const SHORTEST_CONTEXT = 48;

/**
 * Chooses the beginnings that are worth keeping, so that as few tokens as possible are computed: a node of the requests'
 * prefix tree is kept when its requests need several rows, and neither a deeper choice nor none is cheaper.
 * @param requests in lexicographic order of their inputs
 */
export function planContexts(requests: readonly TokenRequest[], limits: PackingLimits): RequestGroup[] {
  const shared = requests.map((request, i) => (i === 0 ? 0 : sharedTokens(requests[i - 1]!, request)));
  const groups = plan({ requests, shared, limits }, 0, requests.length).groups;
  return mergeUnkept(groups);
}

interface Planning {
  readonly requests: readonly TokenRequest[];
  /** Tokens that a request's input begins with in common with the one before. */
  readonly shared: readonly number[];
  readonly limits: PackingLimits;
}

interface Plan {
  readonly tokens: number;
  readonly groups: readonly RequestGroup[];
}

function plan(planning: Planning, from: number, to: number): Plan {
  const { requests, shared, limits } = planning;
  const inside = shared.slice(from + 1, to);
  const tokens = requests
    .slice(from, to)
    .reduce((sum, { input }, i) => sum + input.length - (i === 0 ? 0 : inside[i - 1]!), 0);
  const least = inside.reduce((a, b) => Math.min(a, b), Infinity);
  const unkept = { tokens, groups: [{ from, to, contextTokens: 0 }] };
  const fitsOneRow = tokens - Math.min(least, tokens) <= limits.rowTokens && tokens <= limits.maxRowTokens;
  if (to - from === 1 || fitsOneRow) return unkept;

  const parts: Plan[] = [];
  let start = from;
  for (let i = from + 1; i <= to; i++) {
    if (i < to && shared[i]! > least) continue;
    parts.push(plan(planning, start, i));
    start = i;
  }
  const divided = {
    tokens: parts.reduce((sum, part) => sum + part.tokens, 0),
    groups: parts.flatMap(({ groups }) => groups),
  };
  const contextTokens = requests
    .slice(from, to)
    .reduce((most, { input, targets }) => Math.min(most, input.length - targets.length), least);
  if (contextTokens < SHORTEST_CONTEXT) return divided;
  // A row that is full ends in the middle of what its neighbours share beyond the context.
  const rows = Math.ceil((tokens - contextTokens) / limits.rowTokens);
  const lost = inside.reduce((sum, count) => sum + count - contextTokens, 0) / inside.length;
  const kept = { tokens: tokens + (rows - 1) * lost, groups: [{ from, to, contextTokens }] };
  return kept.tokens < divided.tokens ? kept : divided;
}

function mergeUnkept(groups: readonly RequestGroup[]): RequestGroup[] {
  const merged: RequestGroup[] = [];
  for (const group of groups) {
    const last = merged.at(-1);
    if (last?.contextTokens === 0 && group.contextTokens === 0)
      merged[merged.length - 1] = { ...last, to: group.to };
    else merged.push(group);
  }
  return merged;
}

function sharedTokens({ input: a }: TokenRequest, { input: b }: TokenRequest): number {
  let depth = 0;
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth++;
  return depth;
}
