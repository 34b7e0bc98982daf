import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { groupResults } from '../evaluate/group-results.ts';
import { protocolScores } from '../evaluate/protocol.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { selectTasks } from '../evaluate/tasks/registry.ts';
import { mergeResults } from './merge-results.ts';
import { shardTasks } from './shard-tasks.ts';

const REQUESTED = ['piqa', 'mmlu', 'wnli'];
const names = selectTasks(REQUESTED).tasks.map(({ name }) => name);
const tasks = Object.fromEntries(
  names.map((name, index) => [
    name,
    makeBinaryTask(
      name,
      Array.from({ length: 5 + (index % 3) }, (_, i) => (i + index) % 2),
    ),
  ]),
);
const whole = makeEvaluation(tasks, { groups: groupResults(selectTasks(REQUESTED).groups, tasks) });

describe('mergeResults', () => {
  it.each([1, 2, 4, 9])('of %i shards is the evaluation of all tasks at once, groups included', (count) => {
    const { result, missing } = mergeResults(shards(count), REQUESTED);
    expect(missing).toEqual([]);
    expect({ ...result, seconds: whole.seconds, tokensComputed: whole.tokensComputed }).toEqual(whole);
    expect(Object.keys(result.tasks)).toEqual(names);
    expect(result.seconds).toBeCloseTo(whole.seconds * count);
    expect(result.groups['mmlu']?.tasks).toHaveLength(57);
  });

  it('does not depend on the order of the shards', () => {
    expect(mergeResults(shards(4).toReversed(), REQUESTED).result).toEqual(
      mergeResults(shards(4), REQUESTED).result,
    );
  });

  it('names the tasks of a lost shard, and gives no score to a group that lacks one', () => {
    const [lost, ...others] = shards(4);
    const { result, missing } = mergeResults(others, REQUESTED);
    expect(missing.toSorted()).toEqual(Object.keys(lost!.tasks).toSorted());
    expect(result.tasks[missing[0]!]).toMatchObject({ status: 'failed' });
    expect(result.groups).not.toHaveProperty('mmlu');
  });

  it('keeps by whose definitions and on which rows it was made, with the scores of the whole groups', () => {
    const parts = shards(4).map((part, index): EvaluationResult => ({
      ...part,
      ...{
        protocol: 'inheritune-2024',
        data: { kind: 'hub', datasets: { [`set-${String(index)}`]: 'abc' } },
      },
      protocolScores: protocolScores(part.tasks, part.groups, {}),
    }));
    const { result } = mergeResults(parts, REQUESTED);
    expect(result).toMatchObject({
      protocol: 'inheritune-2024',
      data: { kind: 'hub', datasets: { 'set-0': 'abc', 'set-3': 'abc' } },
    });
    expect(result.protocolScores).toEqual(protocolScores(result.tasks, result.groups, {}));
    expect(result.protocolScores).toHaveProperty('mmlu.metric', 'macro_acc');
  });

  it('names all machines where the shards ran on several', () => {
    const [a, b] = shards(2);
    const other = { ...b!, environment: { ...b!.environment, device: 'A6000' } };
    expect(mergeResults([a!, other], REQUESTED).result.environment).toEqual({
      ...whole.environment,
      device: 'A6000 + CPU',
    });
  });

  it.each([
    [{ model: 'another' }, /model is "models\/example" in one and "another"/],
    [{ parameters: 1 }, /parameters is 81000000 in one and 1/],
    [{ limit: 5 }, /limit is null in one and 5/],
    [{ protocol: 'inheritune-2024' as const }, /protocol is undefined in one and "inheritune-2024"/],
    [
      { environment: { ...whole.environment, precision: 'bfloat16' } },
      /environment.precision is "float32" in one/,
    ],
  ])('refuses shards of another evaluation: %j', (change, message) => {
    const [a, b] = shards(2);
    expect(() => mergeResults([a!, { ...b!, ...change }], REQUESTED)).toThrow(message);
  });

  it('refuses a task that is in two shards', () => {
    const [a] = shards(2);
    expect(() => mergeResults([a!, a!], REQUESTED)).toThrow(/is in two shards/);
  });

  it('refuses nothing at all', () => {
    expect(() => mergeResults([], REQUESTED)).toThrow(/no shard to merge/);
  });
});

function shards(count: number): EvaluationResult[] {
  return Array.from({ length: count }, (_, index) => {
    const own = shardTasks(REQUESTED, { index: index + 1, count }, 5);
    return { ...whole, groups: {}, tasks: Object.fromEntries(own.map((name) => [name, tasks[name]!])) };
  });
}
