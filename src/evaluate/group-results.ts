import { mean, pooledStandardError } from './metrics.ts';
import type { GroupResult, TaskResult } from './result.ts';

/**
 * Scores of groups of tasks. `acc` weighs every question alike, `macro_acc` every subject alike: lm-eval and the
 * Inheritune paper mean different numbers by "MMLU".
 * Members without data are left out and named in `missing`; a group with a failed member has no score at all.
 */
export function groupResults(
  groups: ReadonlyMap<string, readonly string[]>,
  tasks: Readonly<Record<string, TaskResult>>,
): Record<string, GroupResult> {
  const results: Record<string, GroupResult> = {};
  for (const [name, members] of groups) {
    const result = groupResult(members, tasks);
    if (result !== undefined) results[name] = result;
  }
  return results;
}

function groupResult(
  members: readonly string[],
  tasks: Readonly<Record<string, TaskResult>>,
): GroupResult | undefined {
  const parts: { name: string; acc: number; stderr: number | 'N/A'; docs: number }[] = [];
  const missing: string[] = [];
  for (const name of members) {
    const task = tasks[name];
    if (task?.status === 'failed') return undefined;
    if (task?.status === 'scored') {
      const { acc, acc_stderr: stderr } = task.metrics;
      parts.push({ name, acc: Number(acc), stderr: stderr ?? 'N/A', docs: task.docs });
    } else missing.push(name);
  }
  if (parts.length === 0) return undefined;
  const docs = parts.reduce((total, part) => total + part.docs, 0);
  return {
    acc: parts.reduce((total, part) => total + part.acc * part.docs, 0) / docs,
    acc_stderr: pooledStandardError(parts),
    macro_acc: mean(parts.map((part) => part.acc)),
    docs,
    tasks: parts.map((part) => part.name),
    missing,
  };
}
