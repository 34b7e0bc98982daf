import { describe, expect, it } from 'vitest';
import { makeGrowth } from '../../test/fixtures/judge/make-growth.ts';
import { judgeGrowth } from './growth-judgement.ts';
import type { GrownRun, GrowthSides } from './growth-judgement.ts';

const GATES = { maximumDropPoints: 1, confidence: 0.95 };
const environment = { device: 'cpu', precision: 'float32' };
type Side = GrowthSides['base'];

/** Seeds of one recipe: the reference at 2.5 nats, targets of 4 and 6 blocks above it by what is given. */
function side(rises: readonly (readonly [number, number])[], prefix: string, more = 0): Side {
  const runs = rises.map(([four, six], i): GrownRun => {
    const noise = more + i / 1000;
    const rounds = four <= 0 ? [four] : [four, six];
    return {
      environment,
      growth: makeGrowth(
        2.5 + noise,
        Object.fromEntries(rounds.map((rise, r) => [4 + 2 * r, 2.5 + noise + rise])),
        prefix + String(i),
      ),
    };
  });
  return runs as unknown as Side;
}

const stateOf = (base: Side, head: Side) => judgeGrowth({ base, head }, GATES);

describe('one seed on each side', () => {
  const one = side([[0.1, -0.1]], 'a');

  it('the same weights and losses are no regression', () => {
    const { overall, parity, rows } = stateOf(one, one);
    expect(overall).toBe('noRegression');
    expect(parity).toMatchObject({ base: 6, head: 6, state: 'identical' });
    expect(rows.map(({ verdict }) => verdict.state)).toEqual([
      'identical',
      'identical',
      'identical',
      'identical',
    ]);
  });

  it('a difference, however large, is unknown', () => {
    const { overall, parity, rows } = stateOf(one, side([[0.1, 0.5]], 'b', 1));
    expect(overall).toBe('cannotTell');
    expect(parity).toMatchObject({ base: 6, head: undefined, state: 'unknown' });
    expect(rows[0]!.verdict).toMatchObject({ state: 'judged', loss: { status: 'unknown', difference: 1 } });
  });
});

/** Each as the others: their noise alone tells them apart. */
const FOUR_SEEDS = new Array<readonly [number, number]>(4).fill([0.1, -0.1]);

describe('several seeds', () => {
  const base = side(FOUR_SEEDS, 'a');

  it('a loss far above the spread of the seeds is a regression', () => {
    const { overall, rows } = stateOf(base, side(FOUR_SEEDS, 'b', 0.1));
    expect(overall).toBe('regression');
    expect(rows[1]!.verdict).toMatchObject({ loss: { decision: { state: 'regression' } } });
  });

  it('a rise surely smaller than the accepted one is none', () => {
    const { overall, parity } = stateOf(base, side(FOUR_SEEDS, 'b', 0.0005));
    expect(parity.state).toBe('notMore');
    expect(overall).toBe('noRegression');
  });

  it('more blocks at every seed are a regression though no loss rose, and three seeds are too few to say so', () => {
    const quick = (n: number) =>
      side(
        Array.from({ length: n }, () => [-0.001, 0] as const),
        'a',
      );
    const slow = (n: number) =>
      side(
        Array.from({ length: n }, () => [0.001, -0.1] as const),
        'b',
      );
    expect(stateOf(quick(6), slow(6))).toMatchObject({
      overall: 'regression',
      parity: { base: 4, head: 6, state: 'regression' },
    });
    expect(stateOf(quick(3), slow(3)).parity.state).toBe('cannotTell');
    expect(stateOf(slow(6), quick(6)).parity.state).toBe('notMore');
  });
});

it.each([
  [
    'environment device',
    (run: GrownRun) => ({ ...run, environment: { device: 'GPU', precision: 'float32' } }),
  ],
  ['validation tokens', (run: GrownRun) => ({ ...run, growth: { ...run.growth, validationTokens: 64 } })],
  ['validation split', (run: GrownRun) => ({ ...run, growth: { ...run.growth, validationHash: null } })],
])('another %s makes two runs incomparable', (field, change) => {
  const [one] = side([[0.1, -0.1]], 'a');
  const { overall, differences, rows } = stateOf([one], [change(one)]);
  expect(overall).toBe('incomparable');
  expect(differences.map((difference) => difference.field)).toEqual([field]);
  expect(rows.some(({ verdict }) => verdict.state === 'judged')).toBe(false);
});

it('targets without a depth in common leave the verdict open', () => {
  const base = side([[-0.1, 0]], 'a');
  const other = makeGrowth(2.5, { 5: 2.4 }, 'a0');
  expect(stateOf(base, [{ environment, growth: other }]).overall).toBe('cannotTell');
});
