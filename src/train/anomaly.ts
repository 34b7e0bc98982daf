import { EXIT } from '../errors.ts';
import type { CheckpointState, Incident } from './checkpoint-state.ts';
import type { Policy } from './policy.ts';
import { TrainError } from './train-error.ts';
import type { StepResult } from './training-session.ts';

export interface TrainingPolicies {
  readonly onNonFinite: Policy;
  /** A loss above `factor` times the median of the `window` losses before it; undefined: never. */
  readonly spike?: { readonly factor: number; readonly window: number; readonly action: Policy } | undefined;
}

export interface Anomaly {
  readonly kind: Incident['kind'];
  readonly action: Policy;
  readonly what: string;
  readonly lossNats: number;
  readonly gradientNorm: number;
}

/** A run in which this many steps went wrong has another trouble than single batches. */
const MAX_INCIDENTS = 10;

/** What is wrong with a step's numbers; undefined for a good step. */
export function judgeStep(
  { lossNats, gradientNorm }: StepResult,
  recentLosses: readonly number[],
  { onNonFinite, spike }: TrainingPolicies,
): Anomaly | undefined {
  if (!Number.isFinite(lossNats) || !Number.isFinite(gradientNorm)) {
    const what = `gave a loss of ${lossNats} and a gradient norm of ${gradientNorm}`;
    return { kind: 'nonFinite', action: onNonFinite, what, lossNats, gradientNorm };
  }
  if (spike === undefined || recentLosses.length < spike.window) return undefined;
  const usual = median(recentLosses.slice(-spike.window));
  if (lossNats <= spike.factor * usual) return undefined;
  const what = `gave a loss of ${lossNats.toFixed(3)}, more than ${spike.factor} times the ${usual.toFixed(3)} of the ${spike.window} steps before`;
  return { kind: 'spike', action: spike.action, what, lossNats, gradientNorm };
}

/** What is wrong when weights stop being finite although loss and gradient still were. */
export function brokenWeights(tensor: string, policies: TrainingPolicies): Anomaly {
  const what = `left ${tensor} with values that are not finite`;
  const unknown = { lossNats: NaN, gradientNorm: NaN };
  return { kind: 'nonFinite', action: policies.onNonFinite, what, ...unknown };
}

/** The policy's remedy for the step after `state`, or the error that ends the run. */
export function remedyFor(anomaly: Anomaly, state: CheckpointState): Incident {
  const { kind, action, what } = anomaly;
  const batch = state.step + state.batchShift;
  const place = `Step ${state.step + 1} (batch ${batch} of the run, counted from 0) ${what}`;
  if (action === 'stop') {
    throw new TrainError(
      kind,
      `${place}; training stopped and no weights of this step were saved. Lower train.optimizer.learningRate, use train.precision float32, look at the batch, or set ${kind === 'spike' ? 'train.spike.action' : 'train.onNonFinite'} to skip or reload.`,
      { exitCode: EXIT.failed },
    );
  }
  if (state.incidents.length >= MAX_INCIDENTS) {
    throw new TrainError(
      kind,
      `${place}, after ${MAX_INCIDENTS} steps that went wrong before; training stopped and no weights of this step were saved. Single batches are not the cause: lower train.optimizer.learningRate or use train.precision float32.`,
      { exitCode: EXIT.failed },
    );
  }
  return {
    ...{ step: state.step, batch, kind, action },
    ...{ lossNats: String(anomaly.lossNats), gradientNorm: String(anomaly.gradientNorm) },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
