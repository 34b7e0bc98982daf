import { createBatchPlan, stepsFor } from '../data/batches.ts';
import type { TrainingLength } from '../data/batches.ts';
import { readBatch } from '../data/batch-reader.ts';
import { openTokenFile } from '../data/token-file.ts';
import type { Engine } from '../engine/load.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { TrainSection } from '../recipe/schema.ts';
import type { TrainingPolicies } from '../train/anomaly.ts';
import { train } from '../train/train.ts';
import type { TrainOutcome } from '../train/train-options.ts';
import type { RunContext } from './context.ts';
import type { OpenModel } from './open-model.ts';
import { utilisationBasis } from './utilisation.ts';
import type { TrainingTokens } from './training-tokens.ts';
import { openValidationSplit } from './validation-split.ts';

export interface TrainStageOptions {
  /** The weights to start from. */
  readonly start: Pick<OpenModel, 'checkpoint' | 'config'>;
  /** Changes when any of those weights does. */
  readonly startFingerprint: string;
  readonly section: TrainSection;
  readonly tokens: TrainingTokens;
  readonly engine: () => Promise<Engine>;
  readonly outFolder: string;
  readonly resume: boolean;
  /** What to do about a checkpoint of a run with other data or settings; refused by default. */
  readonly onForeign?: 'refuse' | 'startOver';
}

/** Trains as a recipe's section says, on token files. */
export async function trainStage(options: TrainStageOptions, context: RunContext): Promise<TrainOutcome> {
  const { start, section, tokens, outFolder } = options;
  const { sequenceLength, microBatch, accumulate, optimizer, precision, recompute } = section;
  const vocabularySize = start.config.vocabulary;
  const file = await openTokenFile(tokens.train, { vocabularySize });
  const validation =
    tokens.validation === undefined
      ? undefined
      : await openValidationSplit(tokens.validation, {
          ...{ vocabularySize, sequenceLength, rows: microBatch },
          limit: section.validationTokens,
        });
  try {
    const shape = { sequenceLength, microBatch, accumulate };
    const plan = createBatchPlan({ ...shape, tokens: file.tokens, order: section.order, seed: section.seed });
    const engine = await options.engine();
    const trained = { config: start.config, ...shape, precision, optimizer, recompute };
    return await train({
      engine,
      shape: trained,
      utilisation: utilisationBasis(trained, engine.device),
      schedule: optimizer,
      steps: stepsFor(lengthOf(section), shape, plan.windows),
      start: start.checkpoint,
      batch: (step, micro) => readBatch(file, plan, step, micro),
      seed: section.seed,
      policies: policiesOf(section),
      ...(validation === undefined
        ? {}
        : { validation: { everySteps: section.validateEvery, batches: validation.windows } }),
      checkpointEvery: section.checkpointEvery,
      keepCheckpoints: section.keepCheckpoints,
      keepBest: section.keepBest,
      logEvery: section.logEvery,
      onForeign: options.onForeign ?? 'refuse',
      runHash: trainingHash(section, tokens, options.startFingerprint, context.version),
      ...{ resume: options.resume, outFolder, progress: context.progress, signal: context.signal },
    });
  } finally {
    await file.close();
    await validation?.close();
  }
}

/** Everything that decides the numbers of a training run; how often it is logged or saved does not. */
export function trainingHash(
  section: TrainSection,
  tokens: TrainingTokens,
  startFingerprint: string,
  version: string,
): string {
  const { sequenceLength, microBatch, accumulate, order, seed, optimizer, precision, recompute } = section;
  const length = lengthOf(section);
  const numbers = {
    ...{ sequenceLength, microBatch, accumulate, order, seed, optimizer, precision, recompute, length },
    policies: policiesOf(section),
  };
  return recipeHash({ numbers, tokens: tokens.fingerprint, startFingerprint, version });
}

function policiesOf({ onNonFinite, spike }: TrainSection): TrainingPolicies {
  if (spike === undefined) return { onNonFinite };
  return { onNonFinite, spike: { ...spike, action: spike.action ?? onNonFinite } };
}

/** The one of the three fields that says how long to train. */
export function lengthOf({ steps, tokens, epochs }: TrainSection): TrainingLength {
  if (steps !== undefined) return { steps };
  if (tokens !== undefined) return { tokens };
  return { epochs: epochs ?? 1 };
}
