import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { JudgedResult } from './judged-result.ts';
import { judge } from './judgement.ts';

const gates = { maximumDropPoints: 1, confidence: 0.95 };

/** A task whose items share a passage `size` at a time. */
function withPassages(scores: readonly number[], size: number): JudgedResult {
  const task = makeBinaryTask('boolq', scores);
  const items = task.items.map((item, i) => ({ ...item, cluster: `passage ${Math.floor(i / size)}` }));
  return makeEvaluation({ boolq: { ...task, items } });
}

function compared(base: JudgedResult, head: JudgedResult, name = 'boolq') {
  const found = judge(base, head, gates).tasks.find(
    (task) => 'compared' in task && task.compared.task === name,
  );
  if (found === undefined || !('compared' in found)) throw new Error(`${name} was not compared`);
  return found.compared.comparison;
}

describe('items that share a passage', () => {
  const base = new Array<number>(200).fill(1);
  // Whole passages of ten are lost: 4 independent events and not 40.
  const head = base.map((_, i) => Number(i >= 40));

  it('are one unit: a lost passage is one event', () => {
    const alone = compared(withPassages(base, 1), withPassages(head, 1));
    const shared = compared(withPassages(base, 10), withPassages(head, 10));
    expect(alone.method).toBe('exactMcNemar');
    expect(shared).toMatchObject({ method: 'signFlip', intervalMethod: 'clustered' });
    expect(alone.pValue).toBeLessThan(1e-9);
    expect(shared.pValue).toBe(2 / 2 ** 4);
    expect(shared.interval.lower).toBeLessThan(alone.interval.lower);
  });

  it('never make an interval narrower than independent items would', () => {
    const unchanged = compared(withPassages(base, 10), withPassages(base, 10));
    const independent = compared(withPassages(base, 1), withPassages(base, 1));
    expect(unchanged.interval).toEqual(independent.interval);
  });
});

describe('a result from before items had clusters', () => {
  it('is judged by those of the other side, whichever side that is', () => {
    const scores = new Array<number>(40).fill(1);
    const lost = scores.map((_, i) => Number(i >= 10));
    const old = (values: readonly number[]) => makeEvaluation({ boolq: makeBinaryTask('boolq', values) });
    const both = compared(withPassages(scores, 5), withPassages(lost, 5));
    expect(both.method).toBe('signFlip');
    expect(compared(old(scores), withPassages(lost, 5))).toEqual(both);
    expect(compared(withPassages(scores, 5), old(lost))).toEqual(both);
    expect(compared(old(scores), old(lost)).method).toBe('exactMcNemar');
  });
});

describe('subjects of a group', () => {
  it('are units: what one subject lost is one event', () => {
    const subject = (name: string, right: number) =>
      makeBinaryTask(name, [...new Array<number>(20).fill(right)]);
    const names = ['mmlu_anatomy', 'mmlu_law', 'mmlu_virology'];
    const result = (lost: string): JudgedResult =>
      makeEvaluation(Object.fromEntries(names.map((name) => [name, subject(name, name === lost ? 0 : 1)])));
    const comparison = compared(result(''), result('mmlu_law'), 'mmlu');
    expect(comparison.contributions).toHaveLength(3);
    expect(comparison.pValue).toBe(1);
    expect(comparison.discordant).toEqual({ onlyHead: 0, onlyBase: 20 });
  });
});
