import { describe, expect, it } from 'vitest';
import { selectTasks } from '../evaluate/tasks/registry.ts';
import { shardTasks } from './shard-tasks.ts';

const ALL = ['nine', 'mmlu'];

describe('shardTasks', () => {
  it.each([1, 2, 3, 4, 7, 66, 80])('%i shards hold every task exactly once', (count) => {
    const shards = Array.from({ length: count }, (_, index) => shardTasks(ALL, { index: index + 1, count }));
    const names = selectTasks(ALL).tasks.map(({ name }) => name);
    expect(shards.flat().toSorted()).toEqual(names.toSorted());
  });

  it('keeps the order of the recipe within a shard', () => {
    const order = selectTasks(ALL).tasks.map(({ name }) => name);
    const shard = shardTasks(ALL, { index: 2, count: 3 });
    expect(shard).toEqual(order.filter((name) => shard.includes(name)));
  });

  it('balances the number of tasks where all have the same number of documents', () => {
    const sizes = [1, 2, 3, 4].map((index) => shardTasks(ALL, { index, count: 4 }, 100).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  it('gives the largest dataset a shard almost of its own on full splits', () => {
    const withMnli = [1, 2, 3, 4].map((index) => shardTasks(['nine'], { index, count: 4 }));
    expect(withMnli.find((shard) => shard.includes('mnli'))).toEqual(['mnli']);
  });

  it('is empty for a shard past the number of tasks', () => {
    expect(shardTasks(['piqa'], { index: 2, count: 2 })).toEqual([]);
  });

  it('names a task that does not exist', () => {
    expect(() => shardTasks(['piqu'], { index: 1, count: 1 })).toThrow(/no task "piqu".*piqa/);
  });
});
