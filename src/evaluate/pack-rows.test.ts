import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows } from './pack-rows.ts';
import type { PackedRow } from './pack-rows.ts';
import type { TokenRequest } from './result.ts';

const limits = { rowTokens: 32, maxRowTokens: 64 };

/** The tokens that token `at` sees in a row, itself included: its sequence from the start. */
function visible({ ids, ends }: PackedRow, at: number): number[] {
  return ids.filter((_, j) => j <= at && at < ends[j]!);
}

const requests = fc.array(
  fc
    .tuple(fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }), fc.nat({ max: 3 }))
    .map(([tokens, extra]): TokenRequest => {
      const targets = tokens.slice(0, Math.min(tokens.length, extra + 1));
      return { input: tokens, targets, truncated: 0 };
    }),
  { minLength: 1, maxLength: 30 },
);

test('every target sees exactly its own request up to its position, at its own depth', () => {
  fc.assert(
    fc.property(requests, (list) => {
      const seen = list.map(() => 0);
      for (const row of packRows(list, limits)) {
        for (const { at, target, request } of row.targets) {
          const { input, targets } = list[request]!;
          const k = seen[request]!++;
          const length = input.length - targets.length + k + 1;
          const token = row.scored[at]!;
          expect(target).toBe(targets[k]);
          expect(visible(row, token)).toEqual(input.slice(0, length));
          expect(row.positions[token]).toBe(length - 1);
        }
      }
      expect(seen).toEqual(list.map(({ targets }) => targets.length));
    }),
  );
});

test('rows keep to their limit unless a single request is longer', () => {
  fc.assert(
    fc.property(requests, (list) => {
      for (const row of packRows(list, { rowTokens: 16, maxRowTokens: 16 })) {
        const single = new Set(row.targets.map(({ request }) => request)).size === 1;
        expect(row.ids.length <= 16 || single).toBe(true);
      }
    }),
  );
});

test('computes a shared beginning once', () => {
  const question = [7, 8, 9, 10];
  const list = [[1], [2], [3]].map((answer) => ({
    input: [...question, ...answer],
    targets: [0],
    truncated: 0,
  }));
  const [row, ...rest] = packRows(list, limits);
  expect(rest).toEqual([]);
  expect(row!.ids).toEqual([7, 8, 9, 10, 1, 2, 3]);
  expect(row!.positions).toEqual([0, 1, 2, 3, 4, 4, 4]);
});

test('a shared beginning comes on top of a row', () => {
  const beginning = Array.from({ length: 20 }, (_, i) => i);
  const list = Array.from({ length: 12 }, (_, i) => ({
    input: [...beginning, 100 + i, 1, 2],
    targets: [5],
    truncated: 0,
  }));
  expect(packRows(list, limits).map((row) => row.ids.length)).toEqual([50, 26]);
});

test('a beginning that several rows share is kept once, and targets still see exactly their own request', () => {
  const beginning = Array.from({ length: 60 }, (_, i) => i);
  const list = Array.from({ length: 40 }, (_, i) => ({
    input: [...beginning, 100 + i, 1, 2],
    targets: [5, 6],
    truncated: 0,
  }));
  const rows = packRows(list, limits);
  expect(rows.map(({ context, ids }) => [context.length, ids.length])).toEqual([
    ...Array.from({ length: 3 }, () => [60, 30]),
    [60, 30],
  ]);
  expect(new Set(rows.map(({ context }) => context)).size).toBe(1);
  for (const row of rows) {
    for (const { at, request } of row.targets) {
      const token = row.scored[at]!;
      expect([60, 61, 62]).toContain(row.positions[token]);
      expect([...row.context, ...visible(row, token)]).toEqual(
        list[request]!.input.slice(0, row.positions[token]! + 1),
      );
    }
  }
});

test('nothing is kept that a target is read from', () => {
  const beginning = Array.from({ length: 60 }, (_, i) => i);
  const list = Array.from({ length: 40 }, (_, i) => ({
    input: [...beginning, 100 + i],
    targets: [0, 0, 0],
    truncated: 0,
  }));
  for (const { context } of packRows(list, limits)) expect(context.length).toBe(58);
});
