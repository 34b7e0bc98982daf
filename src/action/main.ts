import * as core from '@actions/core';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EXIT, InherituneError } from '../errors.ts';
import { readJobEnvironment } from './environment.ts';
import { readSettings } from './inputs.ts';
import { publish } from './publish.ts';
import { runAction } from './run-action.ts';
import { runnerHooks, withoutCommands } from './runner.ts';

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
  const job = readJobEnvironment(process.env);
  const settings = readSettings(core.getInput, job);
  if (settings.token !== '') core.setSecret(settings.token);

  const mark = randomUUID();
  const result = await runAction({
    settings,
    job,
    env: process.env,
    workspace: process.env['GITHUB_WORKSPACE'] ?? process.cwd(),
    cliPath: fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    mark,
    hooks: runnerHooks(mark),
    warn: core.warning,
    duringChild: withoutCommands,
  });
  await publish(settings, job, result);

  const { title, detail } = result.message.outcome;
  if (result.exitCode === EXIT.done) core.info(`${title}. ${detail}`);
  else core.setFailed(`${title}: ${detail}`);
  return result.exitCode;
}

function inDetail(error: unknown): string {
  return `This is a fault in the action itself; please report it. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
