import { markdownTable } from 'markdown-table';
import type { EvaluationResult, ProtocolScore, TaskResult } from '../evaluate/result.ts';

/**
 * A model's scores as an aligned table: one row a task, groups below; single MMLU subjects only where there is no group.
 * With the paper's protocol the numbers of both protocols follow wherever they differ.
 */
export function renderEvaluationTable({ tasks, groups, protocolScores }: EvaluationResult): string {
  const grouped = new Set(Object.values(groups).flatMap((group) => [...group.tasks, ...group.missing]));
  const rows = Object.entries(tasks)
    .filter(([name]) => !grouped.has(name))
    .flatMap(([name, task]) => taskRows(name, task));
  const groupRows = Object.entries(groups).flatMap(([name, group]) => [
    [name, 'acc', percent(group.acc), percent(group.acc_stderr), String(group.docs)],
    [name, 'macro_acc', percent(group.macro_acc), '', String(group.docs)],
  ]);
  const paperRows = Object.entries(protocolScores ?? {})
    .filter(([name]) => !grouped.has(name))
    .flatMap(([name, score]) => protocolRows(name, score));
  return markdownTable([['task', 'metric', '%', '±', 'items'], ...rows, ...groupRows, ...paperRows], {
    align: ['l', 'l', 'r', 'r', 'r'],
  });
}

function taskRows(name: string, task: TaskResult): string[][] {
  if (task.status !== 'scored') return [[name, `${task.status}: ${task.reason}`, '', '', '']];
  return Object.entries(task.metrics)
    .filter(([metric]) => !metric.endsWith('_stderr'))
    .map(([metric, value]) => [
      ...[name, metric, percent(value), percent(task.metrics[`${metric}_stderr`] ?? 'N/A')],
      String(task.docs),
    ]);
}

/** The paper's number where lm-eval's is another, and both. */
function protocolRows(name: string, { metric, value, lmEval }: ProtocolScore): string[][] {
  if (lmEval === undefined) return [];
  return [
    [name, `${metric} by inheritune-2024`, percent(value), '', ''],
    [name, `${lmEval.metric} by lm-eval 0.4.13`, percent(lmEval.value), '', ''],
  ];
}

function percent(value: number | 'N/A'): string {
  return value === 'N/A' ? '–' : (100 * value).toFixed(2);
}
