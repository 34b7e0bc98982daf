import { markdownTable } from 'markdown-table';
import type { EvaluationResult, GroupResult, ProtocolScore, TaskResult } from '../evaluate/result.ts';
import { truncations } from '../report/evaluation-sections.ts';
import { groupBaselines, groupSignal, subjectsOf, taskSignal } from '../report/group-summaries.ts';
import type { SignalMean } from '../report/group-summaries.ts';
import { plainText } from '../report/escape-markdown.ts';

const HEAD = ['task', 'metric', '%', '±', 'guessing', 'constant', 'margin', 'bits/byte', 'items'];
const LEGEND =
  'guessing: picks at random; constant: the same answer (or the same place among the answers) for every item; margin: nats between the right answer and the best other; bits/byte: of the right answer';

/**
 * A model's scores as an aligned table: one row a task, groups below; single MMLU subjects only where there is no group.
 * Beside accuracy stand the scores that need no model and the continuous signals. With the paper's protocol the numbers of
 * both protocols follow wherever they differ; prompts that were cut are counted below.
 */
export function renderEvaluationTable(result: EvaluationResult): string {
  const { tasks, groups, protocolScores } = result;
  const grouped = new Set(Object.values(groups).flatMap((group) => [...group.tasks, ...group.missing]));
  const rows = Object.entries(tasks)
    .filter(([name]) => !grouped.has(name))
    .flatMap(([name, task]) => taskRows(name, task));
  const paperRows = Object.entries(protocolScores ?? {})
    .filter(([name]) => !grouped.has(name))
    .flatMap(([name, score]) => protocolRows(name, score));
  const table = markdownTable(
    [HEAD, ...rows, ...Object.entries(groups).flatMap((entry) => groupRows(...entry, result)), ...paperRows],
    { align: HEAD.map((_, column) => (column < 2 ? 'l' : 'r')) },
  );
  const cut = truncations(result);
  const { outOfMemory = 0, maxRowTokens = 0, tokensPlain, compileSeconds = 0 } = result.scoring ?? {};
  return [
    table,
    LEGEND,
    ...(tokensPlain === undefined
      ? []
      : [
          `Computed ${result.tokensComputed.toLocaleString('en')} tokens; every prompt alone would be ${tokensPlain.toLocaleString('en')}. Preparing the graph took ${compileSeconds.toFixed(1)} s`,
        ]),
    ...(cut.length === 0
      ? []
      : [`Prompts longer than the model's context lost their start: ${plainText(cut.join(', '))}`]),
    ...(outOfMemory === 0
      ? []
      : [
          `Memory ran out (${outOfMemory} times); requests were put into rows of at most ${maxRowTokens} tokens`,
        ]),
  ].join('\n');
}

function taskRows(name: string, task: TaskResult): string[][] {
  if (task.status !== 'scored') return [[name, `${task.status}: ${task.reason}`, ...empty(7)]];
  const { metrics, baselines, docs } = task;
  return Object.entries(metrics)
    .filter(([metric]) => !metric.endsWith('_stderr'))
    .map(([metric, value], index) => [
      ...[name, metric, percent(value), percent(metrics[`${metric}_stderr`] ?? 'N/A')],
      ...[percent(baselines.uniform), percent(baselines.constant ?? 'N/A')],
      // They belong to the task, not to one of its metrics.
      ...(index === 0 ? signalCells((signal) => taskSignal(task, signal)) : empty(2)),
      String(docs),
    ]);
}

function groupRows(name: string, group: GroupResult, result: EvaluationResult): string[][] {
  const subjects = subjectsOf(result, group);
  const { uniform, macroUniform, constant } = groupBaselines(subjects);
  return [
    [
      ...[name, 'acc', percent(group.acc), percent(group.acc_stderr)],
      ...[percent(uniform), percent(constant ?? 'N/A')],
      ...signalCells((signal) => groupSignal(subjects, signal)),
      String(group.docs),
    ],
    [name, 'macro_acc', percent(group.macro_acc), '', percent(macroUniform), ...empty(3), String(group.docs)],
  ];
}

/** The paper's number where lm-eval's is another, and both. */
function protocolRows(name: string, { metric, value, lmEval }: ProtocolScore): string[][] {
  if (lmEval === undefined) return [];
  return [
    [name, `${metric} by inheritune-2024`, percent(value), ...empty(6)],
    [name, `${lmEval.metric} by lm-eval 0.4.13`, percent(lmEval.value), ...empty(6)],
  ];
}

function signalCells(mean: (signal: string) => SignalMean | undefined): string[] {
  return ['margin', 'bits_per_byte'].map((signal) => mean(signal)?.value.toFixed(3) ?? '–');
}

function empty(cells: number): string[] {
  return new Array<string>(cells).fill('');
}

function percent(value: number | 'N/A'): string {
  return value === 'N/A' ? '–' : (100 * value).toFixed(2);
}
