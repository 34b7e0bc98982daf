import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { EvaluationResult } from '../evaluate/result.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { ActionError } from './action-error.ts';
import { classifyExit } from './child-outcome.ts';
import type { Outcome } from './outcome-text.ts';
import { readPartFiles } from './part-files.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import type { ActionContext, WorkResult } from './run-action.ts';
import { withoutResult } from './run-action.ts';
import { findGaps } from './run-results.ts';
import type { TasksByModel } from './run-results.ts';
import type { ShardFile } from './shard-file.ts';
import { evaluateCommand, shardResult } from './stage-command.ts';
import type { EvaluatedModel } from './stage-command.ts';
import { startChild } from './start-child.ts';
import { scoresName } from './variant.ts';

/** What one evaluate job is to do. */
export interface ShardPlan {
  /** The models that are evaluated by the shards of this variant, and where each is. */
  readonly models: readonly EvaluatedModel[];
  /** This shard's tasks; none where there are more shards than tasks. */
  readonly tasks: readonly string[];
}

/**
 * The models are those that the train job left to evaluate: its part is among the `results`. A job of a workflow that names no such
 * folder evaluates one model, that of `model` or `out`.
 * @throws ActionError where the training's part or a model is not there
 */
export function planShard(
  { settings, workspace }: Pick<ActionContext, 'settings' | 'workspace'>,
  { headSha }: Pick<EventFacts, 'headSha'>,
  recipe: RecipeFacts,
  tasks: readonly string[],
): ShardPlan {
  const { results, variant, model = settings.out } = settings;
  if (results === undefined) return { models: [{ key: 'trained', model }], tasks };
  const { trainings } = readPartFiles(resolve(workspace, results), headSha);
  const training = trainings.find((part) => part.variant === variant);
  if (training === undefined)
    throw new ActionError(
      'ACTION_RESULTS',
      `${results} holds no part of a training of ${variant}. Download what its train job left into it, or leave results empty to evaluate one model.`,
    );
  const models = training.left.map((left): EvaluatedModel => {
    const folder = join(model, left.model);
    if (existsSync(resolve(workspace, folder, 'config.json'))) return { key: left.model, model: folder };
    if (left.model === 'reference') return { key: 'reference', model: recipe.reference };
    throw new ActionError(
      'ACTION_RESULTS',
      `The ${left.model} model of ${variant} is to be evaluated and is not in ${folder}. Download what its train job left into it.`,
    );
  });
  return { models, tasks };
}

/** Evaluates the shard's models one after another, and puts the results into the shard's envelope. */
export async function evaluateShard(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  { models, tasks }: ShardPlan,
): Promise<WorkResult> {
  const { settings, workspace } = context;
  const { variant, shard, out } = settings;
  const folder = resolve(workspace, out);
  mkdirSync(folder, { recursive: true });
  const results: Record<string, EvaluationResult> = {};
  let stderrTail = '';
  for (const model of tasks.length === 0 ? [] : models) {
    const args = evaluateCommand(settings, recipe, model, tasks);
    const exit = await context.duringChild(() =>
      context.withProgress({ folder, totalSteps: undefined }, () => startChild(context, args, folder)),
    );
    stderrTail = exit.stderrTail;
    const ended = classifyExit(exit);
    if (ended.kind !== 'succeeded') return withoutResult(ended, stderrTail);
    const file = join(folder, shardResult(model.key));
    if (!existsSync(file)) {
      const message = `The evaluation of the ${model.key} model ended without an error but left no result. Look at its log, and report this with it.`;
      return withoutResult({ kind: 'empty', message }, stderrTail);
    }
    results[model.key] = parseEvaluationResult(JSON.parse(readFileSync(file, 'utf8')), file);
  }
  const envelope: ShardFile = {
    ...{ kind: 'inheritune-shard', schemaVersion: 2, variant, shard, headSha: event.headSha },
    ...{ recipe: settings.recipe, requested: recipe.evaluate?.tasks ?? [] },
    ...{ models: models.map(({ key }) => key), results },
  };
  const name = `shard-${variant}-${String(shard.index)}-of-${String(shard.count)}.json`;
  await writeFileAtomic(join(folder, name), `${JSON.stringify(envelope)}\n`);
  const scores: TasksByModel = Object.fromEntries(
    Object.entries(results).map(([key, result]) => [
      scoresName(variant, key, models.at(-1)?.key),
      result.tasks as TasksByModel[string],
    ]),
  );
  const gaps = Object.keys(scores).length === 0 ? undefined : findGaps(scores, true);
  // A shard whose tasks all have no data is no fault of the shard: the merged report judges the whole.
  const settled: Outcome = gaps === undefined || gaps.kind === 'empty' ? { kind: 'succeeded' } : gaps;
  return { ...withoutResult(settled, stderrTail), tasks: scores, files: { 'results-path': join(out, name) } };
}
