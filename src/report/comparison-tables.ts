import { markdownTable } from 'markdown-table';
import type { Judgement } from '../judge/judgement.ts';
import type { Decision, TaskVerdict } from '../judge/verdict.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { confidenceText, count, fixed, percent, pointsWithInterval, pValue } from './number-format.ts';
import { withoutFolders } from './score-table.ts';
import { inPaperOrder, taskLabel } from './task-names.ts';

type Judged = Extract<TaskVerdict, { compared: unknown }>;

/** Longest value of a differing field: the item set of MMLU is 57 hashes. */
const LONGEST_FIELD = 60;

/** Regressed tasks, then those missing in head, then those that cannot be paired; undefined where all is well. */
export function stoppingTable({ tasks }: Judgement): string | undefined {
  const rows = [
    ...ordered(tasks.filter((task) => task.state === 'regression')).map((task) => [
      escapeMarkdown(nameOf(task)),
      'regression',
      `${percent(task.compared.comparison.base)} → ${percent(task.compared.comparison.head)}: ` +
        `${pointsWithInterval(task.compared.comparison.difference, task.compared.comparison.interval)} points` +
        discordance(task),
    ]),
    ...ordered(tasks.filter((task) => task.state === 'missing')).map((task) => [
      escapeMarkdown(nameOf(task)),
      'missing',
      escapeMarkdown(withoutFolders(task.reason)),
    ]),
    ...ordered(tasks.filter((task) => task.state === 'incomparable')).map((task) => [
      escapeMarkdown(nameOf(task)),
      'incomparable',
      `${escapeMarkdown(task.field)}: ${escapeMarkdown(task.base, LONGEST_FIELD)} in base, ${escapeMarkdown(task.head, LONGEST_FIELD)} in head`,
    ]),
  ];
  return rows.length === 0
    ? undefined
    : markdownTable([['Task', 'Why', 'What'], ...rows], { alignDelimiters: false });
}

/** Every task that could be compared, and the mean. */
export function comparedTable({ tasks, pooled, gates }: Judgement): string | undefined {
  if (pooled === undefined) return undefined;
  const head = [
    'Task',
    'n',
    'Base %',
    'Head %',
    `Difference [${confidenceText(gates.confidence)} interval]`,
    'p (Holm)',
    'Verdict',
  ];
  const rows = ordered(tasks.filter((task) => 'compared' in task)).map((task) => {
    const { comparison } = task.compared;
    return [
      escapeMarkdown(nameOf(task)),
      count(comparison.items),
      percent(comparison.base),
      percent(comparison.head),
      pointsWithInterval(comparison.difference, comparison.interval),
      pValue(task.adjustedPValue),
      verdictText(task, task.compared.identical),
    ];
  });
  const mean = [
    `**Mean of ${pooled.tasks}**`,
    count(pooled.items),
    percent(pooled.base),
    percent(pooled.head),
    pointsWithInterval(pooled.difference, pooled.interval),
    pValue(pooled.adjustedPValue),
    verdictText(
      pooled.decision,
      tasks.every((task) => 'compared' in task && task.compared.identical),
    ),
  ];
  return markdownTable([head, ...rows, mean], {
    align: ['l', 'r', 'r', 'r', 'r', 'r', 'l'],
    alignDelimiters: false,
  });
}

/** Tasks without a baseline, with the reason: shown, never judged. */
export function unjudgedList({ tasks }: Judgement): string | undefined {
  const lines = ordered(tasks.filter((task) => task.state === 'noBaseline')).map(
    (task) => `- ${escapeMarkdown(nameOf(task))}: ${escapeMarkdown(withoutFolders(task.reason))}`,
  );
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** The rules behind the verdicts, for the reader who doubts one. */
export function methodNotes({ gates }: Judgement): string {
  const confidence = confidenceText(gates.confidence);
  const accepted = fixed(gates.maximumDropPoints, 2);
  return [
    `- Items are paired by id. Right/wrong scores: exact two-sided McNemar test and Tango’s score interval (1998). Other scores: sign-flip permutation test with a fixed seed and Student’s t interval of the mean difference.`,
    `- The tasks and their mean are one family: p-values are adjusted by Holm’s method, so the chance of any false alarm in this report is at most ${confidenceText(1 - gates.confidence)}.`,
    `- **No drop above ${accepted}**: the lower end of the ${confidence} interval lies above −${accepted} points. **Regression**: otherwise, and the drop is significant. **Cannot tell**: neither.`,
    `- “Sees d or more”: a true difference of d points would have been significant in four runs out of five.`,
    `- The mean weighs every task alike (MMLU counts once); its interval combines those of the tasks (MOVER).`,
    `- Items that share a passage or an MMLU subject are one unit: their signs are flipped together, and their interval is that of the units, never narrower than Tango’s.`,
    `- Scores: only the items’ randomness is judged, not that of training; two seeds of the same recipe can differ by more. Validation loss: Student’s t test against the spread of the seeds, in the same family.`,
  ].join('\n');
}

function verdictText(decision: Decision, identical: boolean): string {
  switch (decision.state) {
    case 'regression':
      return '**regression**';
    case 'noRegressionLargerThan':
      return identical ? 'identical' : `no drop above ${fixed(decision.points, 2)}`;
    case 'cannotTell': {
      const { itemsNeeded, smallestDetectablePoints } = decision;
      const needed = itemsNeeded === undefined ? '' : `, needs n ≈ ${count(itemsNeeded)}`;
      return `cannot tell: sees ${fixed(smallestDetectablePoints, 2)} or more${needed}`;
    }
  }
}

function discordance(task: Judged): string {
  const counts = task.compared.comparison.discordant;
  return counts === undefined
    ? ''
    : `; ${count(counts.onlyBase)} items lost, ${count(counts.onlyHead)} gained`;
}

function nameOf(task: TaskVerdict): string {
  return 'compared' in task ? taskLabel(task.compared.task, task.compared.metric) : taskLabel(task.task);
}

function ordered<T extends TaskVerdict>(tasks: readonly T[]): T[] {
  return inPaperOrder(tasks, (task) => ('compared' in task ? task.compared.task : task.task));
}
