import * as core from '@actions/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOB_SUMMARY_LIMIT } from '../report/github-limits.ts';
import { createClient } from '../github/client.ts';
import { putFile } from '../github/put-file.ts';
import type { StickyCommentResult } from '../github/sticky-comment.ts';
import { decideComment, locatePullRequest, writeComment } from './comment.ts';
import type { JobEnvironment } from './environment.ts';
import type { Settings } from './inputs.ts';
import { renderMessage } from './message.ts';
import type { Check } from './check.ts';
import type { OutputName } from './output-definitions.ts';
import type { ActionResult } from './run-action.ts';
import { scoresJson } from './run-results.ts';

const CLOCK = { now: Date.now, sleep: (durationMs: number) => sleep(durationMs) };

/**
 * Tells the workflow and its readers: outputs first, for they cost nothing, then the job summary, the ledger's badge, the check run and the
 * comment. What of these cannot be written is a warning: the step's result is the run's.
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
  setOutput('left', JSON.stringify(result.left));
  setOutput('scores', scoresJson(result.tasks));
  for (const name of ['report-path', 'results-path', 'model-path', 'record-path', 'ledger-path'] as const)
    setOutput(name, result.files[name] ?? '');
  await writeSummary(result);
  await putBadge(settings, job, result);
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

/** Beside the records, where an address stays the same from night to night. */
async function putBadge(
  { record, token }: Settings,
  { apiUrl, owner, repo }: JobEnvironment,
  { badge }: ActionResult,
): Promise<void> {
  if (badge === undefined || record.kind !== 'branch' || token === '') return;
  const client = createClient({ token, apiUrl });
  const target = { client, owner, repo, branch: record.branch, path: badge.path, clock: CLOCK };
  const written = await putFile(target, badge.text);
  if (written.status === 'notWritten')
    core.warning(`The badge ${badge.path} was not written: GitHub says "${written.fault.text}".`);
}

/** The comment's address, if there is one. */
async function comment(
  settings: Settings,
  job: JobEnvironment,
  result: ActionResult,
): Promise<string | undefined> {
  const parts = { settings, job, result, clock: CLOCK, onWait: core.info };
  try {
    const event = await locatePullRequest(settings, job, result.event);
    const decision = decideComment(settings, { ...result, event });
    if (!decision.comment) {
      const text = `No comment was written: ${decision.reason}.`;
      if (decision.isExpected) core.info(text);
      else core.warning(text);
      return undefined;
    }
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
