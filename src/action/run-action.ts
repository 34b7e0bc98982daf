import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT } from '../errors.ts';
import type { ForkDecision } from '../github/fork-policy.ts';
import { decideForkPolicy } from '../github/fork-policy.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { readEvent } from '../github/pull-request.ts';
import { ActionError } from './action-error.ts';
import type { ChildExit } from './child-outcome.ts';
import { classifyExit } from './child-outcome.ts';
import { childEnvironment } from './environment.ts';
import type { JobEnvironment } from './environment.ts';
import type { Settings } from './inputs.ts';
import type { MessageParts } from './message.ts';
import type { Outcome } from './outcome-text.ts';
import { describeOutcome } from './outcome-text.ts';
import { GROUP_MARK_VARIABLE } from './process-group.ts';
import type { ChildHooks } from './run-child.ts';
import { runChild } from './run-child.ts';
import type { RunFiles } from './run-folder.ts';
import { inspectRunFolder, runFiles, readReport } from './run-folder.ts';

/** The parts of the runner that the action talks to. */
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
  /** Wraps the child's time, in which the log must not be read for commands. */
  readonly duringChild: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What the action has to tell. */
export interface ActionResult {
  readonly outcome: Outcome;
  readonly event: EventFacts;
  readonly message: MessageParts;
  /** Paths of what a complete run left. */
  readonly files: RunFiles;
  readonly exitCode: number;
}

/**
 * Checks whether the code may run here, runs `inheritune run` in a child process and says what came of it. Writes nothing to
 * GitHub.
 * @throws InherituneError when the event or the inputs are not usable
 */
export async function runAction(context: ActionContext): Promise<ActionResult> {
  const { settings, job } = context;
  const event = readEvent(job.eventName, readPayload(job.eventPath), job.sha);
  const policy = decideForkPolicy(event, job.runner, settings.allowForks);
  if (policy.allowed && policy.warning !== undefined) context.warn(policy.warning);

  const folder = resolve(context.workspace, settings.out);
  const before = inspectRunFolder(folder);
  const exit = policy.allowed ? await context.duringChild(() => startRun(context)) : undefined;
  const ended = exit ? classifyExit(exit) : refusal(policy);
  const files = isComplete(ended) ? runFiles(folder, before, settings.out) : {};
  const report = readReport(folder, files);
  const outcome = requireReport(ended, report);

  const text = describeOutcome(outcome, settings.out);
  const message = {
    outcome: text,
    headSha: event.headSha,
    runUrl: job.runUrl,
    recipe: settings.recipe,
    report,
    stderrTail: exit?.stderrTail ?? '',
  };
  return { outcome, event, message, files, exitCode: text.exitCode };
}

/** The command line of the child; the token is in neither its arguments nor its environment. */
export function runArguments(settings: Settings): string[] {
  return [
    'run',
    settings.recipe,
    ...['--out', settings.out],
    // "auto" leaves the choice to the recipe, whose own default is the same.
    ...(settings.device === 'auto' ? [] : ['--device', settings.device]),
    ...(settings.cacheDir === undefined ? [] : ['--cache-dir', settings.cacheDir]),
    ...(settings.nativeDir === undefined ? [] : ['--native-dir', settings.nativeDir]),
  ];
}

function startRun(context: ActionContext): Promise<ChildExit> {
  const { settings } = context;
  return runChild(
    {
      file: process.execPath,
      args: [context.cliPath, ...runArguments(settings)],
      cwd: context.workspace,
      env: { ...childEnvironment(context.env, settings.token), [GROUP_MARK_VARIABLE]: context.mark },
      timeoutMs: settings.timeoutMs,
    },
    context.hooks,
  );
}

function refusal(policy: ForkDecision): Outcome {
  return { kind: 'refused', reason: policy.allowed ? '' : policy.reason };
}

/** Files of a run that broke off are not its result, though they may be there. */
function isComplete(outcome: Outcome): boolean {
  return outcome.kind === 'succeeded' || outcome.kind === 'regression';
}

/** Exit code 0 without a report is not a success: a run that did nothing must not be green. */
function requireReport(outcome: Outcome, report: string | undefined): Outcome {
  if (outcome.kind !== 'succeeded' || report?.trim()) return outcome;
  return {
    kind: 'failed',
    exitCode: EXIT.done,
    message: 'The run ended without an error but wrote no report. Look at its log, and report this with it.',
  };
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
