import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Engine } from '../engine/load.ts';
import { isTaskFile, readCustomTask } from '../evaluate/custom/custom-task.ts';
import type { CustomTask } from '../evaluate/custom/custom-task.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { hubRows, pinnedRevisions } from '../evaluate/hub/hub-rows.ts';
import { folderRows } from '../evaluate/load-rows.ts';
import type { RowLoader } from '../evaluate/load-rows.ts';
import { modelScorer } from '../evaluate/model-scorer.ts';
import type { EvaluationResult, Protocol, RowSource } from '../evaluate/result.ts';
import { openScoreJournal } from '../evaluate/score-journal.ts';
import type { ScoreJournal } from '../evaluate/score-journal.ts';
import { validationLoss } from '../evaluate/validation-loss.ts';
import type { Precision } from '../graph/ops.ts';
import { parameterCount } from '../model/parameters.ts';
import { hubAccess } from '../weights/hub-access.ts';
import type { HubProgress } from '../weights/hub-session.ts';
import type { RunContext } from './context.ts';
import { hashModel, hashTree } from './fingerprint.ts';
import type { OpenModel } from './open-model.ts';
import type { ValidationSplit } from './validation-split.ts';

export interface EvaluateModelOptions {
  readonly model: OpenModel;
  /** How people call it, in progress and results. */
  readonly label: string;
  /** Names, and paths of task files (`.yaml`). */
  readonly tasks: readonly string[];
  /** Folder of `<task>.jsonl` files (or the one file of a custom task); undefined for the hub's datasets. */
  readonly dataFolder: string | undefined;
  readonly protocol?: Protocol | undefined;
  readonly limit: number | undefined;
  readonly fewShot: number | undefined;
  readonly addBos: boolean | undefined;
  /** What scoring may take at most, by prediction. */
  readonly maxMemoryBytes?: number | undefined;
  readonly precision: Precision;
  /** Set up only once all input has been read and found good. */
  readonly engine: () => Promise<Engine>;
  readonly validation?: ValidationSplit | undefined;
  /** From `openJournal`; whoever opened it removes it when the result is written. */
  readonly journal?: ScoreJournal | undefined;
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
    ...{ label: `scoring ${label}`, maxMemoryBytes: options.maxMemoryBytes },
  });
  const rows = rowsOf(options.dataFolder, context);
  const { tasks, groups, protocol, protocolScores } = await evaluate({
    tasks: options.tasks,
    custom: await customTasks(options, context),
    loadRows: rows.load,
    protocol: options.protocol,
    limit: options.limit,
    fewShot: options.fewShot,
    tokenizer: await loadCheckpointTokenizer(checkpoint),
    maxLength: config.maxPositions,
    addBos: options.addBos,
    scorer: scorer.score,
    journal: options.journal,
    progress,
  });
  const { tokensComputed, ...cost } = scorer.cost();
  const engine = await options.engine();
  const validation = await validationOf(options, engine, context);
  return {
    schemaVersion: 1,
    model: basename(checkpoint.source),
    parameters: parameterCount(config),
    limit: options.limit ?? null,
    protocol,
    ...(protocolScores === undefined ? {} : { protocolScores }),
    data: rows.source(),
    tasks,
    groups,
    ...(validation === undefined ? {} : { validation }),
    environment: environmentOf(engine, precision, context),
    seconds: (performance.now() - started) / 1000,
    tokensComputed,
    scoring: cost,
  };
}

/**
 * A journal beside a results file, from which an interrupted evaluation goes on. It reads the whole model once, so that
 * scores of other weights are never taken for these.
 */
export async function openJournal(
  resultFile: string,
  { model, precision }: { model: OpenModel; precision: Precision },
  context: RunContext,
): Promise<ScoreJournal> {
  const fingerprint = [await hashModel(model.location), precision, context.version].join(' ');
  return openScoreJournal(`${resultFile}.partial.jsonl`, fingerprint);
}

/** What changes when the rows do: the files of a folder, or the pinned revisions of the hub's datasets. */
export async function dataFingerprint(dataFolder: string | undefined): Promise<string> {
  return dataFolder === undefined ? JSON.stringify(pinnedRevisions()) : hashTree(dataFolder);
}

function rowsOf(
  folder: string | undefined,
  context: RunContext,
): { load: RowLoader; source: () => RowSource } {
  if (folder !== undefined) {
    return { load: folderRows(folder), source: () => ({ kind: 'folder', folder: basename(folder) }) };
  }
  const access = hubAccess(context.env, homedir(), fetch);
  const rows = hubRows({ ...access, onProgress: noting(context) });
  return { load: rows.load, source: () => ({ kind: 'hub', datasets: rows.commits() }) };
}

/** One line for every file that is fetched: they are small. */
function noting({ progress }: RunContext): (at: HubProgress) => void {
  return ({ file, doneBytes, totalBytes }) => {
    if (doneBytes === totalBytes) progress.note(`Fetched ${file} (${(totalBytes / 1e6).toFixed(1)} MB)`);
  };
}

async function customTasks(
  { tasks, dataFolder }: EvaluateModelOptions,
  { cwd }: RunContext,
): Promise<Map<string, CustomTask>> {
  const custom = new Map<string, CustomTask>();
  for (const name of tasks.filter(isTaskFile)) {
    custom.set(name, await readCustomTask(resolve(cwd, name), { cwd, data: dataFolder }));
  }
  return custom;
}

function validationOf(options: EvaluateModelOptions, engine: Engine, { progress, signal }: RunContext) {
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
    ...{ progress, signal },
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
