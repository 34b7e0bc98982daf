import * as core from '@actions/core';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT, InherituneError } from '../errors.ts';
import { createClient } from '../github/client.ts';
import { readForkApproval } from '../github/fork-approval.ts';
import { baselineSource } from './baseline.ts';
import { openCheck } from './check.ts';
import { childEnvironment, readJobEnvironment } from './environment.ts';
import { readSettings } from './inputs.ts';
import { makeRecord } from './make-record.ts';
import { preflight } from './preflight.ts';
import { groupMark } from './process-group.ts';
import { publish } from './publish.ts';

import { readRecipeFacts, recipeOverrides } from './recipe-facts.ts';
import { openSettingStore } from './record-store.ts';
import { readJobEvent, runAction } from './run-action.ts';
import { runnerHooks, saveCheck, savedCheck, withoutCommands } from './runner.ts';

try {
  process.exitCode = await main();
} catch (error) {
  core.setOutput(
    'outcome',
    error instanceof InherituneError && error.exitCode === EXIT.usage ? 'badInput' : 'failed',
  );
  core.setFailed(error instanceof InherituneError ? error.message : inDetail(error));
  process.exitCode = error instanceof InherituneError ? error.exitCode : EXIT.failed;
}

async function main(): Promise<number> {
  const { env } = process;
  const job = readJobEnvironment(env);
  const settings = readSettings(core.getInput, job);
  const { token } = settings;
  if (token !== '') core.setSecret(token);

  const workspace = env['GITHUB_WORKSPACE'] ?? process.cwd();
  const cliPath = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const mark = groupMark(env['RUNNER_NAME'], randomUUID());
  const event = readJobEvent(job);
  const pause = (durationMs: number): Promise<void> => sleep(durationMs);
  const storePlace = { workspace, env, token, sleep: pause, random: Math.random };
  const check = openCheck({ settings, job, event, save: saveCheck, warn: core.warning }, savedCheck());
  await check.start();
  const result = await runAction({
    ...{ settings, job, env, workspace, cliPath, mark },
    hooks: runnerHooks(mark),
    warn: core.warning,
    duringChild: withoutCommands,
    readRecipe: () => readRecipeFacts(settings, workspace),
    preflight: (recipe) =>
      preflight({
        ...{ settings, recipe, workspace, cliPath },
        overrides: recipeOverrides(settings),
        outFolder: resolve(workspace, settings.out),
        env: childEnvironment(env, token),
        onStderr: (text) => process.stdout.write(text),
      }),
    readApproval: () =>
      readForkApproval(createClient({ token, apiUrl: job.apiUrl }), {
        ...{ owner: job.owner, repo: job.repo, runId: job.runId },
        environment: settings.forkEnvironment,
      }),
    baseline: (recipeName) =>
      baselineSource({
        ...storePlace,
        ...{ setting: settings.baseline, recipeName, headSha: event.headSha },
        // A schedule's payload may say nothing; its ref is the default branch.
        baseBranch: `origin/${event.baseBranch ?? env['GITHUB_REF_NAME'] ?? 'main'}`,
      }),
    makeRecord: ({ headSha }, recipe) =>
      makeRecord({ settings, recipe, headSha, workspace, cliPath, env: childEnvironment(env, token), mark }),
    store: (setting) => openSettingStore(setting, storePlace),
    tonight: new Date().toISOString().slice(0, 10),
    withProgress: check.withProgress,
  });
  await publish(settings, job, result, check);

  const { title, detail } = result.message.outcome;
  if (result.exitCode !== EXIT.done) core.setFailed(`${title}: ${detail}`);
  else if (result.outcome.kind === 'wrongMachine' || result.outcome.kind === 'nothingNew')
    core.notice(`${title}: ${detail}`);
  else core.info(`${title}. ${detail}`);
  return result.exitCode;
}

function inDetail(error: unknown): string {
  return `This is a fault in the action itself; please report it. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
