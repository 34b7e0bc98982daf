import * as core from '@actions/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOB_SUMMARY_LIMIT } from '../report/github-limits.ts';
import type { StickyCommentResult } from '../github/sticky-comment.ts';
import { decideComment, writeComment } from './comment.ts';
import type { JobEnvironment } from './environment.ts';
import type { Settings } from './inputs.ts';
import { renderMessage } from './message.ts';
import type { Check } from './check.ts';
import type { OutputName } from './input-definitions.ts';
import type { ActionResult } from './run-action.ts';
import { scoresJson } from './run-results.ts';

/**
 * Tells the workflow and its readers: outputs first, for they cost nothing, then the job summary, the check run and the comment. A
 * summary, check run or comment that cannot be written is a warning: the step's result is the run's.
 */
export async function publish(
  settings: Settings,
  job: JobEnvironment,
  result: ActionResult,
  check: Check,
): Promise<void> {
  setOutput('outcome', result.outcome.kind);
  setOutput('verdict', result.verdict);
  setOutput('run-id', `${String(job.runId)}-${String(job.runAttempt)}-${settings.variant}`);
  setOutput('scores', scoresJson(result.tasks));
  for (const name of ['report-path', 'results-path', 'model-path'] as const)
    setOutput(name, result.files[name] ?? '');
  await writeSummary(result);
  await check.conclude(result);
  setOutput('check-url', check.url() ?? '');
  setOutput('comment-url', (await comment(settings, job, result)) ?? '');
}

function setOutput(name: OutputName, value: string): void {
  core.setOutput(name, value);
}

async function writeSummary(result: ActionResult): Promise<void> {
  try {
    await core.summary.addRaw(renderMessage(result.message, JOB_SUMMARY_LIMIT)).write();
  } catch (error) {
    core.warning(
      `The job summary was not written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The comment's address, if there is one. */
async function comment(
  settings: Settings,
  job: JobEnvironment,
  result: ActionResult,
): Promise<string | undefined> {
  const decision = decideComment(settings, result);
  if (!decision.comment) {
    const text = `No comment was written: ${decision.reason}.`;
    if (decision.isExpected) core.info(text);
    else core.warning(text);
    return undefined;
  }
  const clock = { now: Date.now, sleep: (durationMs: number) => sleep(durationMs) };
  const parts = { settings, job, result, clock, onWait: core.info };
  try {
    return report(await writeComment(parts, decision.pullRequestNumber));
  } catch (error) {
    core.warning(`No comment was written: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function report(result: StickyCommentResult): string | undefined {
  switch (result.status) {
    case 'notWritten':
      core.warning(`No comment was written: ${explain(result)} The job summary holds the report.`);
      return undefined;
    case 'superseded':
      core.notice(
        `The comment already holds the result of a newer run (${String(result.by.runId)}) and was left alone.`,
      );
      return result.url;
    default:
      core.info(`The comment is ${result.status}: ${result.url}`);
      return result.url;
  }
}

function explain(result: Extract<StickyCommentResult, { status: 'notWritten' }>): string {
  const answer = `GitHub says "${result.text}".`;
  switch (result.reason) {
    case 'forbidden':
      return `${answer} The token may only read, as always for pull requests from forks; elsewhere give the job "permissions: pull-requests: write".`;
    case 'unauthorized':
      return `${answer} The token is wrong or older than its 24 hours.`;
    case 'missing':
      return `${answer} The token cannot see the pull request.`;
    case 'deadline':
      return `GitHub did not take it in time (${result.text}).`;
    default:
      return answer;
  }
}
