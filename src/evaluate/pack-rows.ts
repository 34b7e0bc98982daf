import { planContexts } from './plan-contexts.ts';
import type { TokenRequest } from './result.ts';

/** A target whose log-probability is asked for at one token of a row. */
export interface ScoredTarget {
  /** Index into the row's `scored` list. */
  readonly at: number;
  readonly target: number;
  readonly request: number;
}

/**
 * Requests packed into one sequence as a token tree, laid out depth first: sequences that begin alike share their
 * beginning, unrelated ones stand after each other. Token i may look at token j when `j <= i < ends[j]`.
 */
export interface PackedRow {
  /** Tokens before the row that all of it may look at; rows with the same context follow each other. */
  readonly context: readonly number[];
  readonly ids: readonly number[];
  /** Depth of each token in its own sequence, the context's tokens included. */
  readonly positions: readonly number[];
  /** Index behind the last token that descends from this one. */
  readonly ends: readonly number[];
  /** Indices of the tokens whose logits are needed, ascending. */
  readonly scored: readonly number[];
  readonly targets: readonly ScoredTarget[];
}

export interface PackingLimits {
  /** Rows of unrelated sequences are filled up to this many tokens: attention over strangers is wasted work. */
  readonly rowTokens: number;
  /** A beginning that requests share comes on top, up to this many tokens. A single longer request gets its own row. */
  readonly maxRowTokens: number;
}

/**
 * Packs requests so that a beginning shared by neighbours in lexicographic order is computed once a row, and one shared
 * by several rows once for all of them.
 * In that order the neighbour before shares the longest beginning of all earlier requests, so one comparison finds it.
 */
export function packRows(requests: readonly TokenRequest[], limits: PackingLimits): PackedRow[] {
  const order = requests
    .map((_, index) => index)
    .sort((a, b) => compare(inputOf(requests, a), inputOf(requests, b)));
  const sorted = order.map((index) => requests[index] as TokenRequest);
  return planContexts(sorted, limits).flatMap(({ from, to, contextTokens }) => {
    const context = sorted[from]!.input.slice(0, contextTokens);
    const rows: PackedRow[] = [];
    let row = new RowBuilder(context);
    for (let i = from; i < to; i++) {
      const { input, targets } = sorted[i]!;
      const own = input.slice(contextTokens);
      const shared = row.sharedWith(own);
      const capacity = Math.min(limits.maxRowTokens, limits.rowTokens + shared);
      if (row.length > 0 && row.length + own.length - shared > capacity) {
        rows.push(row.build());
        row = new RowBuilder(context);
      }
      row.add(own, targets, order[i]!);
    }
    if (row.length > 0) rows.push(row.build());
    return rows;
  });
}

class RowBuilder {
  private readonly context: readonly number[];
  private readonly ids: number[] = [];
  private readonly positions: number[] = [];
  private readonly ends: number[] = [];
  private readonly targets: { token: number; target: number; request: number }[] = [];
  /** Row indices of the tokens of the sequence added last, by depth. */
  private path: number[] = [];

  constructor(context: readonly number[]) {
    this.context = context;
  }

  get length(): number {
    return this.ids.length;
  }

  /** How many leading tokens of `input` the row can reuse. */
  sharedWith(input: readonly number[]): number {
    let depth = 0;
    while (depth < this.path.length && depth < input.length && this.ids[this.path[depth]!] === input[depth])
      depth++;
    return depth;
  }

  /** @param input without the context */
  add(input: readonly number[], targets: readonly number[], request: number): void {
    const shared = this.sharedWith(input);
    this.close(shared);
    this.path.length = shared;
    for (let depth = shared; depth < input.length; depth++) {
      this.path.push(this.ids.length);
      this.ids.push(input[depth]!);
      this.positions.push(this.context.length + depth);
      this.ends.push(-1);
    }
    const first = input.length - targets.length;
    targets.forEach((target, k) => {
      this.targets.push({ token: this.path[first + k]!, target, request });
    });
  }

  build(): PackedRow {
    this.close(0);
    const scored = [...new Set(this.targets.map(({ token }) => token))].sort((a, b) => a - b);
    const at = new Map(scored.map((token, index) => [token, index]));
    return {
      context: this.context,
      ids: this.ids,
      positions: this.positions,
      ends: this.ends,
      scored,
      targets: this.targets.map(({ token, target, request }) => ({ at: at.get(token)!, target, request })),
    };
  }

  /** Nothing that is added from now on descends from the path's tokens at `depth` and deeper. */
  private close(depth: number): void {
    for (const token of this.path.slice(depth)) this.ends[token] = this.ids.length;
  }
}

function inputOf(requests: readonly TokenRequest[], index: number): readonly number[] {
  return (requests[index] as TokenRequest).input;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
