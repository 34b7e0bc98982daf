import { stepsFor, windowsOf } from '../data/batches.ts';
import { InherituneError } from '../errors.ts';
import type { Recompute } from '../model/decoder.ts';
import { parameterCount } from '../model/parameters.ts';
import type { RecipeWith } from '../recipe/required-sections.ts';
import type { RunContext } from './context.ts';
import { GPU_RATES, PLAN_DEVICES } from './device-rates.ts';
import type { DeviceRate } from './device-rates.ts';
import { planDevice } from './device-plan.ts';
import type { DevicePlan } from './device-plan.ts';
import { changesOf } from './plan-changes.ts';
import { plannedShape } from './planned-shape.ts';
import { isEngineAtHand, probeCpu } from './probe-cpu.ts';
import { lengthOf } from './train-stage.ts';
import { TrainingCost } from './training-cost.ts';

export interface TrainingPlan {
  readonly name: string;
  readonly configSource: string;
  readonly blocks: number;
  readonly parameters: number;
  readonly tokensPerStep: number;
  /** Undefined where the length is in epochs of data whose tokens the recipe does not state. */
  readonly steps: number | undefined;
  /** Of matrix products, by kind of operation; what recomputing adds is in it. */
  readonly flopPerToken: Readonly<Record<string, number>>;
  readonly totalFlopPerToken: number;
  /** Elements a token that all other operations go over. */
  readonly elementsPerToken: number;
  readonly traceSeconds: number;
  readonly precision: 'float32' | 'bfloat16';
  readonly recompute: Recompute;
  readonly devices: readonly DevicePlan[];
}

/**
 * Traces the training step of a recipe and adds up what it costs: no weight is read, nothing is trained, and a GPU is not needed.
 * @param device one of `PLAN_DEVICES`; without it all of them, the CPU only where the engine to measure it with is set up
 */
export async function planTraining(
  recipe: RecipeWith<'inherit' | 'train'>,
  context: RunContext,
  device?: string,
): Promise<TrainingPlan> {
  const wanted = wantedDevice(device);
  const { shape, configSource } = await plannedShape(recipe, context);
  const { config, sequenceLength, microBatch, accumulate, precision, recompute } = shape;
  const cost = new TrainingCost(shape);
  const steps = stepsOf(recipe);
  const tokensPerStep = sequenceLength * microBatch * accumulate;
  const work = cost.work();
  const perToken = (counts: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(counts).map(([op, n]) => [op, n / tokensPerStep]));
  const parameters = parameterCount(config);
  const changes = changesOf(shape);
  const size = { parameters, tokensPerStep, steps };
  const devices = (await ratesOf(wanted, context)).map((rate) => planDevice(rate, cost, changes, size));
  return {
    ...{ name: recipe.name, configSource, blocks: config.layers, parameters, tokensPerStep, steps },
    flopPerToken: perToken(work.flop),
    totalFlopPerToken: work.totalFlop / tokensPerStep,
    elementsPerToken: Object.values(work.elements).reduce((a, b) => a + b, 0) / tokensPerStep,
    ...{ traceSeconds: cost.traceSeconds, precision, recompute, devices },
  };
}

function stepsOf({ train, data }: RecipeWith<'train'>): number | undefined {
  const length = lengthOf(train);
  if (!('epochs' in length)) return stepsFor(length, train, 1);
  const { subsetTokens } = data ?? {};
  return subsetTokens && stepsFor(length, train, windowsOf(subsetTokens, train.sequenceLength));
}

/** `auto` is all of them: the recipe's own default means no device in particular. */
function wantedDevice(device: string | undefined): string | undefined {
  if (device === undefined || device === 'auto') return undefined;
  if (PLAN_DEVICES.includes(device)) return device;
  throw new InherituneError(
    'usage',
    `--device is ${device}, and a plan knows the rates of ${PLAN_DEVICES.join(', ')}. Give one of them, or none for a table of all.`,
  );
}

async function ratesOf(wanted: string | undefined, context: RunContext): Promise<DeviceRate[]> {
  const gpus = GPU_RATES.filter(({ key }) => wanted === undefined || key === wanted);
  const withCpu = wanted === 'cpu' || (wanted === undefined && (await isEngineAtHand(context)));
  return withCpu ? [...gpus, await probeCpu(await context.engine('cpu'))] : gpus;
}
