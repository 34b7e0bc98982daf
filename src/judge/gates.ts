import { InherituneError } from '../errors.ts';

/** What a comparison has to satisfy; every field is shown in the report. */
export interface Gates {
  /** X: the largest drop, in percentage points of a task's metric, that is still accepted. */
  readonly maximumDropPoints: number;
  /** The largest rise of the validation loss, in nats per token, that is still accepted. */
  readonly maximumLossRise: number;
  /** Confidence of intervals, and 1 − the family-wise error rate over all tasks of one comparison. */
  readonly confidence: number;
  /** Keys of `environment` that must be equal on both sides, or nothing is compared. */
  readonly sameEnvironment: readonly string[];
}

/**
 * 0.02 nats is the upper end of the spread that the paper's own runs show from one validation to the next.
 * 1 point is about one standard error of the mean over the paper's nine tasks on full splits.
 */
export const DEFAULT_GATES: Gates = {
  maximumDropPoints: 1,
  maximumLossRise: 0.02,
  confidence: 0.95,
  sameEnvironment: ['device', 'driver', 'precision'],
};

/** Wrong gates or arguments of the judging stage. */
export class JudgeError extends InherituneError {}

/** Fills what is not given with the defaults and refuses values that no test can work with. */
export function completeGates(
  gates: Pick<Gates, 'maximumDropPoints' | 'confidence'> & Partial<Gates>,
): Gates {
  const complete = { ...DEFAULT_GATES, ...gates };
  if (!(complete.confidence > 0.5 && complete.confidence < 1)) {
    throw new JudgeError(
      'confidenceOutOfRange',
      `The gate "confidence" is ${complete.confidence}. Give a number above 0.5 and below 1, such as 0.95.`,
    );
  }
  if (!(complete.maximumDropPoints >= 0 && complete.maximumDropPoints <= 100)) {
    throw new JudgeError(
      'maximumDropOutOfRange',
      `The gate "maximumDropPoints" is ${complete.maximumDropPoints}. Give percentage points from 0 to 100, such as 1.`,
    );
  }
  if (!(complete.maximumLossRise >= 0 && complete.maximumLossRise < Infinity)) {
    throw new JudgeError(
      'maximumLossRiseOutOfRange',
      `The gate "maximumLossRise" is ${complete.maximumLossRise}. Give nats per token from 0 up, such as 0.02.`,
    );
  }
  return complete;
}
