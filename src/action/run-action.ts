import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT, InherituneError } from '../errors.ts';
import type { ForkApproval } from '../github/fork-approval.ts';
import { decideForkPolicy, needsApproval } from '../github/fork-policy.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { readEvent } from '../github/pull-request.ts';
import type { RecordStore } from '../store/record-store.ts';
import { decideTonight } from '../store/tonight.ts';
import { ActionError } from './action-error.ts';
import type { BaselineSource } from './baseline.ts';
import { BaselineError } from './baseline.ts';
import { classifyExit } from './child-outcome.ts';
import type { JobEnvironment } from './environment.ts';
import type { StoreSetting } from './input-values.ts';
import type { Settings } from './inputs.ts';
import { secretHider } from './hide-secrets.ts';
import { keepRecord } from './keep-record.ts';
import type { Badge } from './keep-record.ts';
import type { MadeRecord } from './make-record.ts';
import type { MessageParts } from './message.ts';
import type { Outcome } from './outcome-text.ts';
import { describeOutcome } from './outcome-text.ts';
import { evaluateShard, planShard } from './evaluate-shard.ts';
import type { Preflight } from './preflight.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { recordStage } from './record-stage.ts';
import { reportStage } from './report-stage.ts';
import type { ChildHooks } from './run-child.ts';
import type { RunFiles } from './run-folder.ts';
import type { TasksByModel } from './run-results.ts';
import { runStage } from './run-stage.ts';
import { tasksOfShard } from './stage-command.ts';
import { leaveUnfit } from './unfit-file.ts';
import type { Verdict } from './verdict.ts';
import { withLedger } from './whole-run.ts';

/** The parts of the runner and of GitHub that the action talks to. */
export interface ActionContext {
  readonly settings: Settings;
  readonly job: JobEnvironment;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workspace: string;
  /** The command line's bundle. */
  readonly cliPath: string;
  /** A value nobody else has: marks this job's processes. */
  readonly mark: string;
  readonly hooks: ChildHooks;
  readonly warn: (text: string) => void;
  /** Wraps the children's time, in which the log must not be read for commands. */
  readonly duringChild: <T>(work: () => Promise<T>) => Promise<T>;
  readonly readRecipe: () => Promise<RecipeFacts>;
  readonly preflight: (recipe: RecipeFacts) => Promise<Preflight>;
  readonly readApproval: () => Promise<ForkApproval>;
  readonly baseline: (recipeName: string, event: EventFacts) => BaselineSource | undefined;
  /** Makes the record of the finished run in `out`. */
  readonly makeRecord: (event: EventFacts, recipe: RecipeFacts) => Promise<MadeRecord>;
  readonly store: (setting: StoreSetting) => RecordStore | undefined;
  /** YYYY-MM-DD in UTC. */
  readonly tonight: string;
  /** Shows the progress of the training in `folder` until the work ends. */
  readonly withProgress: <T>(
    facts: { readonly folder: string; readonly totalSteps: number | undefined },
    work: () => Promise<T>,
  ) => Promise<T>;
}

/** What one part of the work came to. */
export interface WorkResult {
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly report: string | undefined;
  /** Paths of what a complete run left. */
  readonly files: RunFiles;
  readonly tasks: TasksByModel;
  readonly stderrTail: string;
  /** By model that the train job left to evaluate: its folder, as the user writes it; null where the recipe names the model. */
  readonly left?: Readonly<Record<string, string | null>>;
  /** The claim ledger's, where one was brought up to date. */
  readonly badge?: Badge | undefined;
}

/** What the action has to tell. */
export interface ActionResult {
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly event: EventFacts;
  readonly message: MessageParts;
  readonly files: RunFiles;
  readonly tasks: TasksByModel;
  readonly badge: Badge | undefined;
  readonly left: NonNullable<WorkResult['left']>;
  readonly exitCode: number;
}

/**
 * Checks whether the code may run here and whether the machine fits, does the job's part of the work and says what came of
 * it. Writes nothing to GitHub but progress.
 * @throws InherituneError when the event is not usable
 */
export async function runAction(context: ActionContext): Promise<ActionResult> {
  const { settings, job } = context;
  const event = readJobEvent(job);
  const work = await doWork(context, event);
  const text = describeOutcome(work.outcome, settings.out, work.verdict);
  // What a program prints goes to pages on which the runner masks nothing.
  const hide = secretHider(context.env, [settings.token]);
  return {
    ...{ outcome: work.outcome, verdict: work.verdict, files: work.files, tasks: work.tasks, event },
    ...{ badge: work.badge, left: work.left ?? {} },
    message: {
      ...{ headSha: event.headSha, runUrl: job.runUrl, recipe: settings.recipe },
      outcome: { ...text, detail: hide(text.detail) },
      ...{ report: work.report && hide(work.report), stderrTail: hide(work.stderrTail) },
    },
    exitCode: text.exitCode,
  };
}

/** The event of this job. @throws GitHubError, ActionError */
export function readJobEvent(job: Pick<JobEnvironment, 'eventName' | 'eventPath' | 'sha'>): EventFacts {
  return readEvent(job.eventName, readPayload(job.eventPath), job.sha);
}

/** A result without files, for work that ended before it had any. */
export function withoutResult(outcome: Outcome, stderrTail = ''): WorkResult {
  return { outcome, verdict: 'none', report: undefined, files: {}, tasks: {}, stderrTail };
}

async function doWork(context: ActionContext, event: EventFacts): Promise<WorkResult> {
  const { settings, job, warn } = context;
  const approval = needsApproval(event, job.runner, settings.allowForks)
    ? await context.readApproval()
    : undefined;
  const policy = decideForkPolicy(event, job.runner, {
    optedIn: settings.allowForks,
    environment: settings.forkEnvironment,
    approval,
  });
  if (!policy.allowed) return withoutResult({ kind: 'refused', reason: policy.reason });
  if (policy.warning !== undefined) warn(policy.warning);
  try {
    if (settings.stages === 'report') return await report(context, event);
    const recipe = await context.readRecipe();
    if (settings.stages === 'record') return await recordStage(context, event, recipe);
    if (settings.onlyNew && (settings.stages === 'all' || settings.stages === 'train')) {
      const nothing = await nothingNew(context, event, recipe);
      if (nothing !== undefined) return nothing;
    }
    const shard =
      settings.stages === 'evaluate'
        ? planShard(context, event, recipe, tasksOfShard(settings, recipe))
        : undefined;
    // A shard without anything to evaluate needs no machine.
    const isEmpty = shard !== undefined && (shard.models.length === 0 || shard.tasks.length === 0);
    const checked =
      settings.preflight && !isEmpty ? await context.duringChild(() => context.preflight(recipe)) : undefined;
    if (checked?.state === 'failed')
      return withoutResult(classifyExit(checked.exit), checked.exit.stderrTail);
    if (checked?.state === 'wrongMachine') return await wrongMachine(context, event, checked.reasons);
    checked?.warnings.forEach(warn);
    if (shard !== undefined) return await evaluateShard(context, event, recipe, shard);
    return await runStage(context, event, recipe, checked?.totalSteps ?? recipe.steps);
  } catch (error) {
    if (!(error instanceof InherituneError)) throw error;
    if (error instanceof BaselineError)
      return withoutResult({ kind: 'baselineUnreadable', message: error.message });
    const kind = error.exitCode === EXIT.usage ? 'badInput' : 'failed';
    return withoutResult(
      kind === 'badInput'
        ? { kind, message: error.message }
        : { kind, exitCode: error.exitCode, message: error.message },
    );
  }
}

/** Nothing was computed. A job whose part others wait for tells them why it is missing. */
async function wrongMachine(
  { settings, workspace }: ActionContext,
  { headSha }: EventFacts,
  reasons: readonly string[],
): Promise<WorkResult> {
  const result = withoutResult({ kind: 'wrongMachine', reasons });
  const { stages, variant, out } = settings;
  if (stages !== 'train' && stages !== 'evaluate') return result;
  const name = await leaveUnfit(resolve(workspace, out), { variant, headSha, reasons });
  return { ...result, files: { [stages === 'train' ? 'record-path' : 'results-path']: `${out}/${name}` } };
}

/** The result where a record is of this recipe and commit; a night of that kind is a night in the ledger all the same. */
async function nothingNew(
  context: ActionContext,
  event: EventFacts,
  { recordName: name, hash }: RecipeFacts,
): Promise<WorkResult | undefined> {
  const { settings, workspace } = context;
  const known = context.store(settings.baseline);
  if (known === undefined) return undefined;
  const { due, text } = await decideTonight(known, { name, recipeHash: hash, commit: event.headSha });
  if (due) return undefined;
  const work = withoutResult({ kind: 'nothingNew', message: text });
  const store = event.origin === 'sameRepository' ? context.store(settings.record) : undefined;
  if (store === undefined || !settings.ledger) return work;
  const folder = resolve(workspace, settings.out);
  const { ledger } = await keepRecord(store, undefined, {
    name,
    ledger: true,
    tonight: context.tonight,
    folder,
  });
  return withLedger(work, ledger, settings.out);
}

/** Merges and judges what the evaluate jobs left. Needs no machine, and runs no code of the change under test. */
async function report(context: ActionContext, event: EventFacts): Promise<WorkResult> {
  const { settings, job, workspace } = context;
  const { maximumDropPoints, confidence, out } = settings;
  const recipe = settings.baseline.kind === 'none' ? undefined : await context.readRecipe();
  const done = await reportStage({
    shardFolder: resolve(workspace, settings.results ?? ''),
    outFolder: resolve(workspace, out),
    headSha: event.headSha,
    expected: settings.expected,
    baseline: recipe === undefined ? undefined : context.baseline(recipe.name, event),
    ...{ maximumDropPoints, confidence, reportUrl: job.runUrl },
  });
  const { hasRecords, ...result } = done;
  const files = {
    ...(done.report !== undefined && {
      ...{ 'report-path': `${out}/report.md`, 'results-path': `${out}/results.json` },
    }),
    ...(hasRecords && { 'record-path': `${out}/records` }),
  };
  return { ...result, files, stderrTail: '' };
}

function readPayload(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ActionError(
      'ACTION_ENVIRONMENT',
      `The event payload ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}. Run this program as a step of a GitHub Actions job.`,
    );
  }
}
