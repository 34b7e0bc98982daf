export interface ScheduleSettings {
  /** The peak, reached at the end of the warm-up. */
  readonly learningRate: number;
  readonly minLearningRate: number;
  /** Optimizer steps of linear warm-up. */
  readonly warmupSteps: number;
  readonly schedule: 'cosine' | 'linear' | 'constant';
}

/**
 * Learning rate of optimizer step `step`, counted from 0, of a run of `steps`:
 * peak·(step+1)/warmup while step < warmup, then by schedule from the peak to the minimum over the rest
 * (`constant` stays at the peak). The last step of a cosine is therefore one short of the minimum, as in nanoGPT.
 */
export function learningRateAt(step: number, steps: number, settings: ScheduleSettings): number {
  const { learningRate: peak, minLearningRate: min, warmupSteps: warmup } = settings;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const done = steps > warmup ? Math.min(1, (step - warmup) / (steps - warmup)) : 1;
  switch (settings.schedule) {
    case 'cosine':
      return min + ((peak - min) * (1 + Math.cos(Math.PI * done))) / 2;
    case 'linear':
      return peak - (peak - min) * done;
    case 'constant':
      return peak;
  }
}
