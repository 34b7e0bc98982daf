import type { ChartPoint } from '../../report/line-chart.ts';
import type { TrainLogLine } from '../../train/train-log.ts';
import type { LoggedRun } from './read-run.ts';

/** A run's losses in nats over steps or tokens, in order. */
export interface LossCurves {
  readonly name: string;
  /** As asked for: smoothed, or as measured. */
  readonly training: readonly ChartPoint[];
  /** As measured, where `training` is smoothed. */
  readonly measured: readonly ChartPoint[] | undefined;
  readonly validation: readonly ChartPoint[];
}

export interface CurveOptions {
  readonly x: 'step' | 'tokens';
  /** Weight of what came before, from 0 (as measured) to below 1. */
  readonly smooth: number;
}

/** The curves of a run's log. Validation losses, which are few, are not smoothed. */
export function lossCurves({ name, lines }: LoggedRun, { x, smooth }: CurveOptions): LossCurves {
  const steps = newestTake(lines);
  const points = (loss: (line: TrainLogLine) => number | undefined): ChartPoint[] =>
    steps.flatMap((line) => {
      const value = loss(line);
      return typeof value === 'number' && Number.isFinite(value) ? [[line[x], value] as const] : [];
    });
  const training = points(({ loss }) => loss);
  return {
    name,
    training: smooth > 0 ? smoothed(training, smooth) : training,
    measured: smooth > 0 ? training : undefined,
    validation: points(({ validationLoss }) => validationLoss),
  };
}

/** Exponential moving average without its bias towards 0 at the start, as TensorBoard draws it. */
export function smoothed(points: readonly ChartPoint[], weight: number): ChartPoint[] {
  let average = 0;
  return points.map(([x, y], i) => {
    average = weight * average + (1 - weight) * y;
    return [x, average / (1 - weight ** (i + 1))] as const;
  });
}

/** Without the steps that a resumed run did again: those of its newest try count. */
function newestTake(lines: readonly TrainLogLine[]): TrainLogLine[] {
  const kept: TrainLogLine[] = [];
  for (const line of lines) {
    while (kept.length > 0 && kept.at(-1)!.step >= line.step) kept.pop();
    kept.push(line);
  }
  return kept;
}
