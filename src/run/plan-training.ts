import { stepsFor } from '../data/batches.ts';
import { costOf } from '../graph/cost.ts';
import { inheritedCheckpoint } from '../inherit/inherited-checkpoint.ts';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import { FETCH, traceTraining } from '../train/training-program.ts';
import type { RunContext } from './context.ts';
import { DEVICE_RATES, UTILISATION } from './device-rates.ts';
import { openModel } from './open-model.ts';

export interface DevicePlan {
  readonly device: string;
  readonly fits: boolean;
  readonly memoryBytes: number;
  /** At the high and the low utilisation. */
  readonly hours: readonly [number, number];
  /** Jobs of a day, the life of GITHUB_TOKEN on a self-hosted runner, that this makes. */
  readonly dayJobs: number;
}

export interface TrainingPlan {
  readonly name: string;
  readonly blocks: number;
  readonly parameters: number;
  readonly tokensPerStep: number;
  /** Undefined where the length is in epochs of data that is not counted yet. */
  readonly steps: number | undefined;
  readonly flopPerToken: number;
  /** Weights, gradients summed over micro-batches, and both moments, in float32. */
  readonly variableBytes: number;
  /** Live values of one micro-batch, by liveness over the graph. */
  readonly activationBytes: number;
  readonly traceSeconds: number;
  readonly precision: 'float32' | 'bfloat16';
  readonly utilisation: typeof UTILISATION;
  readonly devices: readonly DevicePlan[];
}

const DAY_HOURS = 24;

/** Traces the training step of a recipe and adds up what it costs; no weight is read and nothing is computed. */
export async function planTraining(
  recipe: RecipeWith<'inherit' | 'train'>,
  context: RunContext,
): Promise<TrainingPlan> {
  const reference = await openModel(recipe.reference.model, context);
  const { sequenceLength, microBatch, accumulate, optimizer, precision } = recipe.train;
  const { checkpoint } = reference;
  const config = parseConfig(inheritedCheckpoint({ checkpoint, ...recipe.inherit }).config, 'config.json');
  await checkpoint.close();
  const started = performance.now();
  const program = traceTraining({ config, sequenceLength, microBatch, accumulate, optimizer, precision });
  const cost = costOf(program, [FETCH.update, FETCH.gradientNorm]);
  const traceSeconds = (performance.now() - started) / 1000;
  const parameters = parameterCount(config);
  const tokensPerMicroBatch = sequenceLength * microBatch;
  const variableBytes = parameters * 4 * (accumulate > 1 ? 4 : 3);
  const shape = { sequenceLength, microBatch, accumulate };
  const { steps: givenSteps, tokens } = recipe.train;
  const length =
    givenSteps !== undefined ? { steps: givenSteps } : tokens !== undefined ? { tokens } : undefined;
  const steps = length === undefined ? undefined : stepsFor(length, shape, 1);
  const totalFlop = steps === undefined ? undefined : steps * accumulate * cost.totalFlop;
  return {
    ...{
      name: recipe.name,
      blocks: config.layers,
      parameters,
      steps,
      precision,
      traceSeconds,
      variableBytes,
    },
    tokensPerStep: tokensPerMicroBatch * accumulate,
    flopPerToken: cost.totalFlop / tokensPerMicroBatch,
    activationBytes: cost.peakBytes,
    utilisation: UTILISATION,
    devices: Object.values(DEVICE_RATES).map((device) => {
      const hours = (share: number): number => (totalFlop ?? NaN) / (device[precision] * share) / 3600;
      return {
        device: device.name,
        fits: variableBytes + cost.peakBytes < device.memoryBytes,
        memoryBytes: device.memoryBytes,
        hours: [hours(UTILISATION.high), hours(UTILISATION.low)] as const,
        dayJobs: Math.ceil(hours(UTILISATION.low) / DAY_HOURS),
      };
    }),
  };
}
