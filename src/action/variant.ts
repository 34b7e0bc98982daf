import type { EvaluationResult } from '../evaluate/result.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { expandModel } from '../store/compact-model.ts';
import type { RunRecord } from '../store/run-record.ts';
import { completeRecord } from './complete-record.ts';
import { mergeResults } from './merge-results.ts';
import type { ShardFile } from './shard-file.ts';
import { MODEL_KEYS } from './stage-command.ts';
import type { ModelKey } from './stage-command.ts';
import type { TrainingFile } from './training-file.ts';

/** One row of a matrix: its models with their scores, and the one that it is judged by. */
export interface Variant {
  /** As in the input `variant`. */
  readonly name: string;
  /** Which of a record's models it is compared with: the last one that the run made. */
  readonly model: string;
  /** Undefined for a growing run, which has no scores: its record says what it came to. */
  readonly result: JudgedResult | undefined;
  /** Its other models, in the order of a run. */
  readonly others?: readonly { readonly model: ModelKey; readonly result: JudgedResult }[];
  /** What beside the scores is compared: the first stage that differs, cost, losses. */
  readonly record?: RunRecord | undefined;
  /** Where that record lies, for the command that repeats the comparison. */
  readonly recordFile?: string | undefined;
}

/** A variant's scores are called by its name, those of its other models by both. */
export function scoresName(variant: string, model: string, judged: string | undefined): string {
  return model === judged ? variant : `${variant}/${model}`;
}

/** Merged variants in the order of their names, and the shards and tasks that are not there. */
export function mergeVariants(
  shards: readonly ShardFile[],
  trainings: readonly TrainingFile[],
): { variants: Variant[]; missing: string[] } {
  const names = [...new Set(shards.map(({ variant }) => variant))].toSorted();
  const merged = names.map((name) =>
    mergeVariant(
      name,
      shards.filter(({ variant }) => variant === name),
      trainings.find(({ variant }) => variant === name),
    ),
  );
  return {
    variants: merged.flatMap(({ variant }) => variant ?? []),
    missing: merged.flatMap(({ missing }) => missing),
  };
}

function mergeVariant(
  name: string,
  shards: readonly ShardFile[],
  training: TrainingFile | undefined,
): { variant: Variant | undefined; missing: string[] } {
  const count = Math.max(...shards.map(({ shard }) => shard.count));
  const lost = Array.from({ length: count }, (_, i) => i + 1)
    .filter((index) => !shards.some(({ shard }) => shard.index === index))
    .map((index) => `shard ${String(index)} of ${String(count)} of ${name}`);
  const requested = [...new Set(shards.flatMap((shard) => shard.requested))];
  const evaluated: Partial<Record<ModelKey, EvaluationResult>> = {};
  const missing: string[] = [];
  for (const key of new Set(shards.flatMap(({ models }) => models))) {
    const results = shards.flatMap((shard) => shard.results[key] ?? []);
    if (results.length === 0) continue;
    const { result, missing: tasks } = mergeResults(results, requested);
    const validation = training?.left.find(({ model }) => model === key)?.validation;
    evaluated[key] = validation == null ? result : { ...result, validation };
    missing.push(...tasks.map((task) => `${task} of ${key === 'trained' ? '' : `${key} of `}${name}`));
  }
  // Tasks of a lost shard are already named by it.
  const gaps = lost.length > 0 ? lost : missing;
  const results: Readonly<Partial<Record<ModelKey, JudgedResult>>> = { ...recorded(training), ...evaluated };
  const models = MODEL_KEYS.flatMap((model) => {
    const result = results[model];
    return result === undefined ? [] : [{ model, result }];
  });
  const isComplete = gaps.length === 0 && training?.left.every(({ model }) => model in evaluated) === true;
  const record = isComplete ? completeRecord(training, evaluated) : undefined;
  if (models.length === 0 && record?.growth === undefined) return { variant: undefined, missing: gaps };
  const variant = {
    name,
    ...(models.at(-1) ?? { model: 'trained', result: undefined }),
    others: models.slice(0, -1),
    record,
    recordFile: `records/${name}.json`,
  };
  return { variant, missing: gaps };
}

/** Scores that the training's job took over from its baseline. */
function recorded(training: TrainingFile | undefined): Partial<Record<string, JudgedResult>> {
  if (training === undefined) return {};
  const { models, itemSets } = training.record;
  return Object.fromEntries(
    Object.entries(models).map(([key, model]) => [key, expandModel(model, itemSets)]),
  );
}
