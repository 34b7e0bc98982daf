import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulateEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeRecord } from '../../test/store/make-record.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { judge } from '../judge/judgement.ts';
import { asRecorded, expandModel, inOneForm } from './compact-model.ts';
import { parseRunRecord, runRecordText } from './run-record.ts';

const gates = { maximumDropPoints: 1, confidence: 0.95 };
const few = { resamples: 199 };

describe('a record instead of a result', () => {
  const [base, head] = [simulateEvaluation(40, 0.5, 1), simulateEvaluation(40, 0.3, 2)];

  it('gives the same verdict, numbers and intervals', () => {
    const record = makeRecord({ base, head });
    const [left, right] = [record.models['base']!, record.models['head']!];
    const recorded = judge(
      expandModel(left, record.itemSets),
      expandModel(right, record.itemSets),
      gates,
      few,
    );
    const direct = judge(base, head, gates, few);
    expect(recorded.overall).toEqual(direct.overall);
    expect(recorded.pooled).toEqual(direct.pooled);
    expect(recorded.tasks.map(({ state }) => state)).toEqual(direct.tasks.map(({ state }) => state));
  });

  it('can be set against a result, and knows the identical one', () => {
    const record = makeRecord({ base });
    const recorded = expandModel(record.models['base']!, record.itemSets);
    const { tasks } = judge(recorded, asRecorded(base), gates, few);
    expect(tasks.every((task) => 'compared' in task && task.compared.identical)).toBe(true);
    const other = judge(recorded, asRecorded(head), gates, few);
    expect(other.tasks.some((task) => 'compared' in task && task.compared.identical)).toBe(false);
  });

  it('is brought into one form with a result, whichever side it is', () => {
    const record = makeRecord({ base });
    const recorded = expandModel(record.models['base']!, record.itemSets);
    expect(inOneForm([base, head] as const)).toEqual([base, head]);
    for (const sides of [[recorded, base] as const, [base, recorded] as const]) {
      const { overall, tasks } = judge(...inOneForm(sides), gates, few);
      expect(overall.state).toBe('noRegressionLargerThan');
      expect(tasks.every((task) => 'compared' in task && task.compared.identical)).toBe(true);
    }
  });

  it('survives being recorded again, with the protocol and the right choices', () => {
    const record = makeRecord({ trained: { ...base, protocol: 'inheritune-2024' } });
    const once = expandModel(record.models['trained']!, record.itemSets);
    expect(once.protocol).toBe('inheritune-2024');
    const golds = (result: JudgedResult, task: string) => {
      const found = result.tasks[task];
      return found?.status === 'scored' ? found.items.map(({ gold }) => gold) : [];
    };
    expect(golds(once, 'boolq')).toEqual(golds(base, 'boolq'));
    expect(new Set(golds(once, 'truthfulqa_mc2'))).toEqual(new Set([undefined]));
    expect(asRecorded(once)).toEqual(once);
  });

  it('keeps which items share a passage', () => {
    const clustered = structuredClone(base);
    const task = clustered.tasks['boolq'];
    if (task?.status !== 'scored') throw new Error('not reached');
    const items = task.items.map((item, i) => ({ ...item, cluster: `p${i >> 1}` }));
    const record = makeRecord({ base: { ...clustered, tasks: { boolq: { ...task, items } } } });
    const back = expandModel(record.models['base']!, record.itemSets).tasks['boolq'];
    if (back?.status !== 'scored') throw new Error('not reached');
    expect(back.items.slice(0, 4).map(({ cluster }) => cluster)).toEqual(['0', '0', '1', '1']);
  });

  it('stores a right/wrong score as one character', () => {
    const record = makeRecord({ base });
    const task = record.models['base']?.tasks['boolq'];
    expect(task?.status === 'scored' && task.scores['acc']).toMatch(/^[01]{40}$/);
  });
});

describe('parseRunRecord', () => {
  const text = runRecordText(makeRecord({ trained: simulateEvaluation(5, 0.5, 1) }));

  it.each([
    ['cut off', text.slice(0, 1000), /is not JSON/],
    ['empty', '', /is not JSON/],
    ['another kind of file', '{"benchmarks":[]}', /schemaVersion/],
    ['of a later version', text.replace('"schemaVersion":1', '"schemaVersion":2'), /schemaVersion/],
    ['with a score that was NaN', text.replace(/"margin":\[[^,]+/, '"margin":[null'), /margin/],
    ['with an item less', text.replace(/"ids":"\S+ /, '"ids":"'), /number of ids/],
    ['with a score less', text.replace(/"acc":"[01]/, '"acc":"'), /number of scores/],
  ])('a record that is %s is an error and never an empty baseline', (_, broken, reason) => {
    expect(broken).not.toBe(text);
    expect(() => parseRunRecord(broken, 'runs/x.json')).toThrow(/^Baseline unreadable: runs\/x.json/);
    expect(() => parseRunRecord(broken, 'runs/x.json')).toThrow(reason);
  });

  it('a record cut off anywhere, or with any hash changed, is an error as well', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.trimEnd().length - 1 }), (length) => {
        expect(() => parseRunRecord(text.slice(0, length), 'x')).toThrow(/^Baseline unreadable/);
      }),
    );
    const hashes = [...text.matchAll(/"(?:[a-zA-Z]*(?:Hash|Weights|Stream|Order))":"[0-9a-f]{64}/g)];
    expect(hashes.length).toBeGreaterThan(8);
    for (const { index, 0: match } of hashes) {
      const at = index + match.length - 1;
      const broken = `${text.slice(0, at)}z${text.slice(at + 1)}`;
      if (match.startsWith('"itemSetHash"')) continue;
      expect(() => parseRunRecord(broken, 'x')).toThrow(/^Baseline unreadable/);
    }
  });

  it('lets fields of later versions through', () => {
    expect(parseRunRecord(text.replace('{', '{"later":1,'), 'x')).toMatchObject({ later: 1 });
  });
});
