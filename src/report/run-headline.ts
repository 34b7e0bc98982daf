import type { ModelContrast } from './model-contrast.ts';
import { DEFAULT_CONFIDENCE } from './model-contrast.ts';
import { smallestDetectableDifference } from '../judge/detectable-effect.ts';
import { confidenceText, count, fixed, percent, signedPoints } from './number-format.ts';
import type { RunReportInput } from './run-report-input.ts';
import type { ScoreRow } from './score-rows.ts';

/** With fewer items an accuracy near 50 % has a standard error above 1.6 points: more than most published differences. */
const SMALL_TASK_ITEMS = 1000;

/** One or two sentences: did training beat the inherited, untrained model, and where does the validation loss stand? */
export function runHeadline(
  input: RunReportInput,
  rows: readonly ScoreRow[],
  contrasts: readonly ModelContrast[],
): string {
  return [scoreSentence(input, rows, contrasts), validationSentence(input)]
    .filter((text) => text !== '')
    .join(' ');
}

/** What so many items allow to conclude; empty where nothing was compared. */
export function resolutionSentence(
  input: RunReportInput,
  rows: readonly ScoreRow[],
  contrasts: readonly ModelContrast[],
): string {
  const confidence = input.confidence ?? DEFAULT_CONFIDENCE;
  const seen = rows.flatMap((row) => {
    const cell = row.differences[0];
    if (cell?.status !== 'compared') return [];
    return [{ row, detectable: smallestDetectableDifference(cell.interval, confidence, 1) }];
  });
  const tasks = seen.filter(({ row }) => row.task !== 'mean').sort((a, b) => a.detectable - b.detectable);
  const [finest, coarsest] = [tasks[0], tasks.at(-1)];
  const label = contrasts[0]?.label;
  if (finest === undefined || coarsest === undefined || label === undefined) return '';
  const mean = seen.find(({ row }) => row.task === 'mean');
  const named = (one: typeof finest): string =>
    `${percent(one.detectable)} points (${one.row.label}, n = ${count(one.row.items ?? 0)})`;
  const range = finest === coarsest ? named(finest) : `between ${named(finest)} and ${named(coarsest)}`;
  const fewest = Math.min(...tasks.map(({ row }) => row.items ?? Infinity));
  return [
    fewest < SMALL_TASK_ITEMS
      ? `With as few as ${count(fewest)} items in a task, single scores say little.`
      : '',
    `The smallest difference ${label} that one task would show in four runs out of five is ${range}` +
      (mean === undefined ? '.' : `; for the mean it is ${percent(mean.detectable)} points.`),
  ]
    .filter((text) => text !== '')
    .join(' ');
}

function scoreSentence(
  input: RunReportInput,
  rows: readonly ScoreRow[],
  contrasts: readonly ModelContrast[],
): string {
  const index = contrasts.findIndex(({ from }) => from.key === 'inherited');
  const compared = rows.filter((row) => row.differences[index]?.status === 'compared');
  const row = compared.find((one) => one.task === 'mean') ?? compared[0];
  const contrast = contrasts[index];
  const difference = row?.differences[index];
  if (row === undefined || contrast === undefined || difference?.status !== 'compared')
    return plainScores(input, rows);
  const value = (key: string): string => {
    const cell = row.scores[input.models.findIndex((model) => model.key === key)];
    return cell?.status === 'scored' ? `${percent(cell.value)} %` : 'no score';
  };
  const { lower, upper } = difference.interval;
  const subject = row.task === 'mean' ? `the ${row.label.toLowerCase()} tasks` : row.label;
  const verdict =
    lower > 0
      ? 'The trained model beats the inherited, untrained one'
      : upper < 0
        ? 'The trained model is worse than the inherited, untrained one'
        : 'This evaluation cannot tell the trained model from the inherited, untrained one';
  const reference = contrasts.some(({ from }) => from.key === 'reference')
    ? `; the reference scores ${value('reference')}`
    : '';
  return (
    `${verdict} on ${subject}: ${value('inherited')} before training, ${value('trained')} after ` +
    `(${signedPoints(difference.difference)} points, ${confidenceText(input.confidence ?? DEFAULT_CONFIDENCE)} interval ` +
    `${signedPoints(lower)} to ${signedPoints(upper)})${reference}.`
  );
}

function plainScores(input: RunReportInput, rows: readonly ScoreRow[]): string {
  const row = rows.find((one) => one.task === 'mean') ?? rows[0];
  if (row === undefined) return 'No task was evaluated.';
  const scores = input.models.map((model, i) => {
    const cell = row.scores[i];
    return `${model.label} ${cell?.status === 'scored' ? `${percent(cell.value)} %` : 'no score'}`;
  });
  return `${row.task === 'mean' ? `${row.label} tasks` : row.label}: ${scores.join(', ')}.`;
}

function validationSentence({ models }: RunReportInput): string {
  const loss = (key: string): number | undefined =>
    models.find((model) => model.key === key)?.result.validation?.lossNats;
  const [before, after, reference] = [loss('inherited'), loss('trained'), loss('reference')];
  if (after === undefined) return '';
  const tail = reference === undefined ? '' : `; the reference is at ${fixed(reference, 3)}`;
  if (before === undefined) return `Its validation loss is ${fixed(after, 3)} nats per token${tail}.`;
  const verb = after < before ? 'fell' : after > before ? 'rose' : 'stayed';
  return `Validation loss ${verb} from ${fixed(before, 3)} to ${fixed(after, 3)} nats per token${tail}.`;
}
