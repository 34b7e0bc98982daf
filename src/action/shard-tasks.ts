import { selectTasks } from '../evaluate/tasks/registry.ts';
import type { Shard } from './input-values.ts';

/**
 * Documents times choices of each evaluation split, which is what scoring costs before the lengths of the texts. Only the
 * balance of shards depends on it. MMLU's 14,042 questions are shared out over its 57 subjects.
 */
const REQUESTS: Readonly<Record<string, number>> = {
  piqa: 1838 * 2,
  boolq: 3270 * 2,
  winogrande: 1267 * 2,
  wsc: 104 * 2,
  wsc273: 273 * 2,
  logiqa: 651 * 4,
  truthfulqa_mc1: 817 * 5,
  truthfulqa_mc2: 817 * 7,
  qnli: 5463 * 2,
  mnli: 9815 * 3,
  wnli: 71 * 2,
};
const MMLU_REQUESTS = Math.round((14_042 / 57) * 4);

/**
 * The tasks of one shard: the same for every caller with the same arguments, disjoint, together all of them, and balanced (the
 * dearest task goes to the lightest shard so far). Empty where there are more shards than tasks.
 * @param names tasks and groups as a recipe has them
 * @throws EvaluateError for a name that does not exist
 */
export function shardTasks(names: readonly string[], shard: Shard, limit?: number): string[] {
  const { tasks } = selectTasks(names);
  const cost = (name: string): number => (limit === undefined ? (REQUESTS[name] ?? MMLU_REQUESTS) : 1);
  const order = tasks.map(({ name }) => name);
  const loads = Array.from({ length: shard.count }, () => 0);
  const chosen = new Set<string>();
  for (const name of order.toSorted((a, b) => cost(b) - cost(a) || order.indexOf(a) - order.indexOf(b))) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest]! += cost(name);
    if (lightest === shard.index - 1) chosen.add(name);
  }
  return order.filter((name) => chosen.has(name));
}
