import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { InherituneError } from '../errors.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { shellWord } from '../report/comparison-facts.ts';
import { readRunJson, summaryFile } from '../store/run-folder.ts';
import type { RunSummaryFile } from '../store/run-folder.ts';
import { runRecordText } from '../store/run-record.ts';
import { classifyExit } from './child-outcome.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import type { ActionContext, WorkResult } from './run-action.ts';
import { withoutResult } from './run-action.ts';
import { inspectRunFolder, runFiles } from './run-folder.ts';
import { grownPlaces } from './run-results.ts';
import { runCommand } from './stage-command.ts';
import { startChild } from './start-child.ts';
import type { TrainingFile } from './training-file.ts';
import type { EndedRun } from './whole-run.ts';
import { wholeRun } from './whole-run.ts';

/** Runs the child of a job that does all of the work or trains, and looks at what it left. */
export async function runStage(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  totalSteps: number | undefined,
): Promise<WorkResult> {
  const { settings, workspace } = context;
  const folder = resolve(workspace, settings.out);
  const reuse = await reuseOptions(context, event, recipe, folder);
  const before = inspectRunFolder(folder);
  const exit = await context.duringChild(() =>
    context.withProgress({ folder, totalSteps }, () =>
      startChild(context, [...runCommand(settings), ...reuse], folder),
    ),
  );
  const ended = classifyExit(exit);
  // Files of a run that broke off are not its result, though they may be there.
  if (ended.kind !== 'succeeded' && ended.kind !== 'regression') return withoutResult(ended, exit.stderrTail);
  const files = runFiles(folder, before, settings.out, recipe.grows ? grownPlaces(folder) : undefined);
  const run = { folder, files, ended, stderrTail: exit.stderrTail };
  return settings.stages === 'train'
    ? trained(context, event, recipe, run)
    : wholeRun(context, event, recipe, run);
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
  if (found === undefined || found.state === 'absent' || found.record === undefined) return [];
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(join(folder, BASELINE_FILE), runRecordText(found.record.content));
  return ['--baseline', join(out, BASELINE_FILE)];
}

const BASELINE_FILE = 'baseline.json';

/** Beside the models that are left to evaluate lies the training's part of the run's record. Exit code 0 without any is no success. */
async function trained(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  { folder, files, ended, stderrTail }: EndedRun,
): Promise<WorkResult> {
  const { settings, workspace, duringChild } = context;
  const summary = await leftModels(folder);
  const left = Object.fromEntries(
    (summary ?? []).map(({ model, folder: place }) => [
      model,
      place === null ? null : join(settings.out, place),
    ]),
  );
  const made = await duringChild(() => context.makeRecord(event, recipe));
  // What lies in the folder is another run's where the training was taken over and nobody has asked for its weights.
  const isTakenOver = made.state === 'made' && made.record.reusedFrom?.['train'] !== undefined;
  const model = left['trained'] ?? (isTakenOver ? undefined : files['model-path']);
  const isLost = Object.values(left).some(
    (place) => place !== null && !existsSync(resolve(workspace, place, 'config.json')),
  );
  // A run that took everything over from its baseline has no model, and needs none.
  const isEmpty = model === undefined && (made.state === 'failed' || summary === undefined);
  if (isLost || isEmpty) {
    const message =
      'The training ended without an error but left no model. Look at its log, and report this with it.';
    return withoutResult({ kind: 'empty', message }, stderrTail);
  }
  const result = {
    ...withoutResult(ended, stderrTail),
    ...{ left, files: model === undefined ? {} : { 'model-path': model } },
  };
  if (made.state === 'failed') {
    context.warn(`The training has no part in a record: ${made.reason}`);
    return result;
  }
  const sets = settings.overrides.map((override) => ` --set ${shellWord(override)}`).join('');
  const file: TrainingFile = {
    ...{ kind: 'inheritune-training', schemaVersion: 2, variant: settings.variant, headSha: event.headSha },
    // The evaluation that this job left out belongs to the run.
    record: { ...made.record, command: `inheritune run ${settings.recipe}${sets}` },
    left: (summary ?? []).map(({ model: key, label, inputHash, validation }) => ({
      ...{ model: key, label, inputHash, validation },
    })),
  };
  const name = `training-${settings.variant}.json`;
  await writeFileAtomic(join(folder, name), `${JSON.stringify(file)}\n`);
  return { ...result, files: { ...result.files, 'record-path': join(settings.out, name) } };
}

/** What the run's summary says is left to evaluate; undefined where there is none that can be read. */
async function leftModels(folder: string): Promise<NonNullable<RunSummaryFile['left']> | undefined> {
  try {
    return (await readRunJson(join(folder, 'results.json'), summaryFile)).left ?? [];
  } catch (error) {
    if (error instanceof InherituneError) return undefined;
    throw error;
  }
}
