import { describe, expect, it } from 'vitest';
import { simulateEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { asRecorded } from '../store/compact-model.ts';
import { parseEvaluationResult, parseRunResult, RecordError } from './result-schema.ts';

const good = simulateEvaluation(5, 0.5, 1, { validation: { lossNats: 3, perplexity: 20, tokens: 100 } });
const onDisk = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const messageOf = (value: unknown): string => {
  try {
    parseEvaluationResult(onDisk(value), 'base.json');
  } catch (error) {
    if (error instanceof RecordError) return `${error.code} ${error.exitCode} ${error.message}`;
    throw error;
  }
  return 'accepted';
};
const withTask = (task: unknown): unknown => ({ ...good, tasks: { boolq: task } });
const boolq = good.tasks['boolq'];

describe('parseRunResult', () => {
  it('takes a result, also one from before items had clusters, and one that came out of a record', () => {
    expect(parseRunResult(onDisk(good), 'trained.json')).toEqual(good);
    const recorded = asRecorded(good);
    expect(parseRunResult(onDisk(recorded), 'trained.json')).toEqual(recorded);
  });

  it('refuses scores without log-likelihoods that no record vouches for', () => {
    const recorded = asRecorded(good);
    const tasks = Object.fromEntries(
      Object.entries(recorded.tasks).map(([name, task]) => [name, { ...task, answersHash: undefined }]),
    );
    expect(() => parseRunResult(onDisk({ ...recorded, tasks }), 'trained.json')).toThrow(RecordError);
    expect(() => parseRunResult(null, 'trained.json')).toThrow(RecordError);
    expect(() => parseRunResult({ tasks: { boolq: null } }, 'trained.json')).toThrow(RecordError);
    // A shard's own result is never a recorded one.
    expect(() => parseEvaluationResult(onDisk(recorded), 'shard.json')).toThrow(RecordError);
  });
});

describe('parseEvaluationResult', () => {
  it('gives back what evaluate wrote', () => {
    const failed: EvaluationResult = {
      ...good,
      tasks: { ...good.tasks, qnli: { status: 'failed', reason: 'killed' } },
    };
    expect(parseEvaluationResult(onDisk(failed), 'base.json')).toEqual(failed);
  });

  it('accepts fields of a later version', () => {
    expect(messageOf({ ...good, notes: 'x' })).toBe('accepted');
  });

  it('refuses another schema version by name', () => {
    expect(messageOf({ ...good, schemaVersion: 2 })).toMatch(
      /^recordUnreadable 2 base\.json is not.*schemaVersion: /,
    );
  });

  it('refuses a number that was NaN, naming file and field', () => {
    const items = [
      { ...(boolq?.status === 'scored' ? boolq.items[0] : {}), loglikelihoods: [-1, Number.NaN] },
    ];
    expect(messageOf(withTask({ ...boolq, docs: 1, items }))).toContain(
      'tasks.boolq.items[0].loglikelihoods[1]: ',
    );
  });

  it('refuses an empty record, an empty task and one that lost items', () => {
    expect(messageOf({ ...good, tasks: {} })).toContain('tasks: holds no task');
    expect(messageOf(withTask({ ...boolq, docs: 0, items: [] }))).toContain('tasks.boolq.items: ');
    expect(messageOf(withTask({ ...boolq, docs: 7 }))).toContain(
      'tasks.boolq.items: holds another number of items',
    );
  });

  it('names a few faults and counts the rest', () => {
    expect(messageOf({ tasks: good.tasks })).toMatch(/schemaVersion: .*; and \d+ more\. Write it again/);
  });

  it.each([[null], [[]], ['text'], [{}]])('refuses %j', (value) => {
    expect(messageOf(value)).toContain('base.json is not an evaluation result: ');
  });
});
