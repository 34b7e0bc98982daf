import { basename } from 'node:path';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Engine } from '../engine/load.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { folderRows } from '../evaluate/load-rows.ts';
import { modelScorer } from '../evaluate/model-scorer.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { validationLoss } from '../evaluate/validation-loss.ts';
import type { Precision } from '../graph/ops.ts';
import { parameterCount } from '../model/parameters.ts';
import type { RunContext } from './context.ts';
import type { OpenModel } from './open-model.ts';
import type { ValidationSplit } from './validation-split.ts';

export interface EvaluateModelOptions {
  readonly model: OpenModel;
  /** How people call it, in progress and results. */
  readonly label: string;
  readonly tasks: readonly string[];
  /** Folder of `<task>.jsonl` files. */
  readonly dataFolder: string;
  readonly limit: number | undefined;
  readonly fewShot: number | undefined;
  readonly addBos: boolean | undefined;
  readonly precision: Precision;
  /** Set up only once all input has been read and found good. */
  readonly engine: () => Promise<Engine>;
  readonly validation?: ValidationSplit | undefined;
}

/** Evaluates one model on tasks and, if given, on held-out text. */
export async function evaluateModel(
  options: EvaluateModelOptions,
  context: RunContext,
): Promise<EvaluationResult> {
  const { model, label, precision } = options;
  const { checkpoint, config } = model;
  const { progress, signal } = context;
  const started = performance.now();
  const scorer = modelScorer({
    ...{ engine: options.engine, config, checkpoint, precision, progress, signal },
    label: `scoring ${label}`,
  });
  const { tasks, groups } = await evaluate({
    tasks: options.tasks,
    loadRows: folderRows(options.dataFolder),
    limit: options.limit,
    fewShot: options.fewShot,
    tokenizer: await loadCheckpointTokenizer(checkpoint),
    maxLength: config.maxPositions,
    addBos: options.addBos,
    scorer: scorer.score,
    progress,
  });
  const engine = await options.engine();
  const validation = await validationOf(options, engine, context);
  return {
    schemaVersion: 1,
    model: basename(checkpoint.source),
    parameters: parameterCount(config),
    limit: options.limit ?? null,
    tasks,
    groups,
    ...(validation === undefined ? {} : { validation }),
    environment: environmentOf(engine, precision, context),
    seconds: (performance.now() - started) / 1000,
    tokensComputed: scorer.cost().tokensComputed,
  };
}

function validationOf(options: EvaluateModelOptions, engine: Engine, { progress }: RunContext) {
  const { validation, model, precision, label } = options;
  if (validation === undefined) return undefined;
  return validationLoss({
    engine,
    config: model.config,
    checkpoint: model.checkpoint,
    precision,
    sequenceLength: validation.sequenceLength,
    count: validation.count,
    windows: validation.windows,
    progress,
    label: `validation loss of ${label}`,
  });
}

/** What a number may depend on besides model and data; two results are comparable only where it is equal. */
export function environmentOf(
  engine: Engine,
  precision: Precision,
  context: RunContext,
): Record<string, string> {
  const { device, tensorflowVersion } = engine;
  return {
    // Processors of one kind differ in the last bits only; different GPUs run different kernels.
    device: device.kind === 'cpu' ? 'cpu' : device.name,
    processor: device.name,
    ...(device.driver === undefined ? {} : { driver: device.driver }),
    precision,
    tensorflow: tensorflowVersion,
    node: process.versions.node,
    inheritune: context.version,
  };
}
