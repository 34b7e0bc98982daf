import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, InherituneError } from '../errors.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import { parseEvaluationResult } from '../report/result-schema.ts';
import type { ChildExit } from './child-outcome.ts';
import { classifyExit } from './child-outcome.ts';
import { childEnvironment } from './environment.ts';
import { judgeVariants } from './judge-variants.ts';
import type { Outcome } from './outcome-text.ts';
import { GROUP_MARK_VARIABLE } from './process-group.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { outcomeOf } from './report-stage.ts';
import type { ActionContext, WorkResult } from './run-action.ts';
import { withoutResult } from './run-action.ts';
import { runChild } from './run-child.ts';
import type { RunFiles } from './run-folder.ts';
import { inspectRunFolder, readReport, runFiles } from './run-folder.ts';
import { findGaps, readJudgedModel, readRunTasks } from './run-results.ts';
import type { TasksByModel } from './run-results.ts';
import type { ShardFile } from './shard-file.ts';
import type { StageCommand } from './stage-command.ts';
import { stageCommand } from './stage-command.ts';
import { trainingLogTimeMs } from './training-state.ts';

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

  if (settings.stages === 'evaluate') mkdirSync(folder, { recursive: true });
  const before = inspectRunFolder(folder);
  const exit = await context.duringChild(() =>
    context.withProgress({ folder, totalSteps }, () => startChild(context, command, folder)),
  );
  const ended = classifyExit(exit);
  // Files of a run that broke off are not its result, though they may be there.
  if (ended.kind !== 'succeeded' && ended.kind !== 'regression') return withoutResult(ended, exit.stderrTail);
  const files = runFiles(folder, before, settings.out);
  if (settings.stages === 'train') return trained(files, ended, exit.stderrTail);
  if (settings.stages === 'evaluate') {
    const file = join(folder, command.resultFile ?? '');
    return leaveShard(context, event, recipe, file, exit.stderrTail);
  }
  const work = await wholeRun(context, event, recipe, { folder, files, ended, stderrTail: exit.stderrTail });
  return recorded(context, event, work);
}

/** Records a complete run, whatever its verdict; one without a baseline that could be read, or with gaps, leaves no record. */
async function recorded(context: ActionContext, event: EventFacts, work: WorkResult): Promise<WorkResult> {
  const isComplete = work.outcome.kind === 'succeeded' || work.outcome.kind === 'regression';
  if (!isComplete || context.settings.record.kind === 'none') return work;
  if (event.origin !== 'sameRepository') {
    context.warn(
      'The run is not recorded: its code is not of this repository, and records are what later runs are judged by.',
    );
    return work;
  }
  const problem = await context.duringChild(() => context.record(event));
  if (problem === undefined) return work;
  const message = `The run is complete, but its record was not stored: ${problem}`;
  // A regression is the more important news.
  return work.outcome.kind === 'regression'
    ? { ...work, report: `${work.report ?? ''}\n\n${escapeMarkdown(message)}` }
    : { ...work, outcome: { kind: 'failed', exitCode: EXIT.failed, message } };
}

function startChild(context: ActionContext, command: StageCommand, folder: string): Promise<ChildExit> {
  const { settings } = context;
  return runChild(
    {
      file: process.execPath,
      args: [context.cliPath, ...command.args],
      cwd: context.workspace,
      env: { ...childEnvironment(context.env, settings.token), [GROUP_MARK_VARIABLE]: context.mark },
      timeoutMs: settings.timeoutMs,
      stallMs: settings.stallMs,
      lastSignMs: () => trainingLogTimeMs(folder),
    },
    context.hooks,
  );
}

/** Exit code 0 without a model is not a success. */
function trained(files: RunFiles, ended: Outcome, stderrTail: string): WorkResult {
  const model = files['model-path'];
  if (model === undefined) {
    const message =
      'The training ended without an error but left no model. Look at its log, and report this with it.';
    return withoutResult({ kind: 'empty', message }, stderrTail);
  }
  return { ...withoutResult(ended, stderrTail), files: { 'model-path': model } };
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

interface EndedRun {
  readonly folder: string;
  readonly files: RunFiles;
  readonly ended: Outcome;
  readonly stderrTail: string;
}

async function wholeRun(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  { folder, files, ended, stderrTail }: EndedRun,
): Promise<WorkResult> {
  const { settings, job } = context;
  const report = readReport(folder, files);
  const tasks = readRunTasks(folder) ?? {};
  const result = { verdict: 'none' as const, report, files, tasks, stderrTail };
  if (!report?.trim()) {
    // Exit code 0 without a report is not a success: a run that did nothing must not be green.
    const message =
      'The run ended without an error but wrote no report. Look at its log, and report this with it.';
    return { ...result, outcome: { kind: 'failed', exitCode: EXIT.done, message } };
  }
  const gaps = findGaps(tasks, recipe.evaluate !== undefined);
  if (gaps !== undefined) return { ...result, outcome: gaps };
  if (ended.kind === 'regression') return { ...result, verdict: 'regression', outcome: ended };
  const baseline = context.baseline(recipe.name, event);
  const judgedModel = baseline === undefined ? undefined : readJudgedModel(folder);
  if (judgedModel === undefined) return { ...result, outcome: ended };
  const { maximumDropPoints, confidence, variant } = settings;
  try {
    const judged = await judgeVariants(
      [{ name: variant, model: judgedModel.key, result: judgedModel.result }],
      {
        ...{ baseline, maximumDropPoints, confidence, reportUrl: job.runUrl },
      },
    );
    await writeFileAtomic(join(folder, 'comparison.md'), `${judged.markdown}\n`);
    return {
      ...result,
      verdict: judged.verdict,
      outcome: outcomeOf(judged.verdict),
      report: `${judged.markdown}\n\n${report}`,
    };
  } catch (error) {
    if (!(error instanceof InherituneError)) throw error;
    return { ...result, outcome: { kind: 'baselineUnreadable', message: error.message } };
  }
}
