import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { EventFacts } from '../github/pull-request.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import { runRecordText } from '../store/run-record.ts';
import type { ChildExit } from './child-outcome.ts';
import { classifyExit } from './child-outcome.ts';
import { childEnvironment } from './environment.ts';
import type { Outcome } from './outcome-text.ts';
import { GROUP_MARK_VARIABLE } from './process-group.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import type { ActionContext, WorkResult } from './run-action.ts';
import { withoutResult } from './run-action.ts';
import { runChild } from './run-child.ts';
import { inspectRunFolder, runFiles } from './run-folder.ts';
import { findGaps } from './run-results.ts';
import type { TasksByModel } from './run-results.ts';
import type { ShardFile } from './shard-file.ts';
import { stageCommand } from './stage-command.ts';
import type { TrainingFile } from './training-file.ts';
import { trainingLogTimeMs } from './training-state.ts';
import type { EndedRun } from './whole-run.ts';
import { wholeRun } from './whole-run.ts';

/** Runs the child of a stage that computes, and looks at what it left. */
export async function runStage(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  totalSteps: number | undefined,
): Promise<WorkResult> {
  const { settings, workspace } = context;
  const folder = resolve(workspace, settings.out);
  const command = stageCommand(settings, recipe);
  if (command === undefined) return leaveShard(context, event, recipe, null, '');

  if (settings.stages !== 'train') mkdirSync(folder, { recursive: true });
  const reuse = settings.stages === 'all' ? await reuseOptions(context, event, recipe, folder) : [];
  const before = inspectRunFolder(folder);
  const exit = await context.duringChild(() =>
    context.withProgress({ folder, totalSteps }, () =>
      startChild(context, [...command.args, ...reuse], folder),
    ),
  );
  const ended = classifyExit(exit);
  // Files of a run that broke off are not its result, though they may be there.
  if (ended.kind !== 'succeeded' && ended.kind !== 'regression') return withoutResult(ended, exit.stderrTail);
  const files = runFiles(folder, before, settings.out);
  if (settings.stages === 'train')
    return trained(context, event, recipe, { folder, files, ended, stderrTail: exit.stderrTail });
  if (settings.stages === 'evaluate') {
    const file = join(folder, command.resultFile ?? '');
    return leaveShard(context, event, recipe, file, exit.stderrTail);
  }
  return wholeRun(context, event, recipe, { folder, files, ended, stderrTail: exit.stderrTail });
}

/**
 * Stages whose inputs are the baseline's are taken over from its record. The run is given the record as a file, for it has no token
 * to read a branch with.
 * @throws BaselineError for one that cannot be read, before anything is computed
 */
async function reuseOptions(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  folder: string,
): Promise<string[]> {
  const { variant, out } = context.settings;
  const found = await context.baseline(recipe.name, event)?.find({ name: variant, model: 'trained' });
  if (found?.state !== 'found' || found.record === undefined) return [];
  await writeFileAtomic(join(folder, BASELINE_FILE), runRecordText(found.record.content));
  return ['--baseline', join(out, BASELINE_FILE)];
}

const BASELINE_FILE = 'baseline.json';

function startChild(context: ActionContext, args: readonly string[], folder: string): Promise<ChildExit> {
  const { settings } = context;
  return runChild(
    {
      file: process.execPath,
      args: [context.cliPath, ...args],
      cwd: context.workspace,
      env: { ...childEnvironment(context.env, settings.token), [GROUP_MARK_VARIABLE]: context.mark },
      timeoutMs: settings.timeoutMs,
      stallMs: settings.stallMs,
      lastSignMs: () => trainingLogTimeMs(folder),
    },
    context.hooks,
  );
}

/** Exit code 0 without a model is not a success. Beside the model lies the training's part of the run's record. */
async function trained(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  { folder, files, ended, stderrTail }: EndedRun,
): Promise<WorkResult> {
  const { settings, duringChild } = context;
  const model = files['model-path'];
  if (model === undefined) {
    const message =
      'The training ended without an error but left no model. Look at its log, and report this with it.';
    return withoutResult({ kind: 'empty', message }, stderrTail);
  }
  const result = { ...withoutResult(ended, stderrTail), files: { 'model-path': model } };
  const made = await duringChild(() => context.makeRecord(event, recipe));
  if (made.state === 'failed') {
    context.warn(`The training has no part in a record: ${made.reason}`);
    return result;
  }
  const sets = settings.overrides.map((override) => ` --set ${override}`).join('');
  const file: TrainingFile = {
    ...{ kind: 'inheritune-training', schemaVersion: 1, variant: settings.variant, headSha: event.headSha },
    // The evaluation that this job left out belongs to the run.
    record: { ...made.record, command: `inheritune run ${settings.recipe}${sets}` },
  };
  const name = `training-${settings.variant}.json`;
  await writeFileAtomic(join(folder, name), `${JSON.stringify(file)}\n`);
  return { ...result, files: { 'model-path': model, 'record-path': join(settings.out, name) } };
}

/** Puts a shard's result into its envelope. */
async function leaveShard(
  { settings, workspace }: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  resultFile: string | null,
  stderrTail: string,
): Promise<WorkResult> {
  const { variant, shard, out } = settings;
  if (resultFile !== null && !existsSync(resultFile)) {
    const message =
      'The evaluation ended without an error but left no result. Look at its log, and report this with it.';
    return withoutResult({ kind: 'empty', message }, stderrTail);
  }
  const result =
    resultFile === null
      ? null
      : parseEvaluationResult(JSON.parse(readFileSync(resultFile, 'utf8')), resultFile);
  const envelope: ShardFile = {
    ...{ kind: 'inheritune-shard', schemaVersion: 1, variant, shard },
    ...{ headSha: event.headSha, recipe: settings.recipe, requested: recipe.evaluate?.tasks ?? [], result },
  };
  const name = `shard-${variant}-${String(shard.index)}-of-${String(shard.count)}.json`;
  mkdirSync(resolve(workspace, out), { recursive: true });
  await writeFileAtomic(resolve(workspace, out, name), `${JSON.stringify(envelope)}\n`);
  const tasks: TasksByModel = result === null ? {} : { [variant]: result.tasks as TasksByModel[string] };
  const outcome = result === null ? undefined : findGaps(tasks, true);
  // A shard whose tasks all have no data is no fault of the shard: the merged report judges the whole.
  const settled: Outcome =
    outcome === undefined || outcome.kind === 'empty' ? { kind: 'succeeded' } : outcome;
  return { ...withoutResult(settled, stderrTail), tasks, files: { 'results-path': join(out, name) } };
}
