import * as core from '@actions/core';
import { openCheck } from './check.ts';
import { readJobEnvironment } from './environment.ts';
import { readSettings } from './inputs.ts';
import { leftGroups, signalGroup } from './process-group.ts';
import { readJobEvent } from './run-action.ts';
import { saveCheck, savedCheck } from './runner.ts';

// Before the job's first step: ends what an earlier job of this runner left behind, which would hold the GPU's memory, and
// says on the commit that the job has started. Nothing here fails the job; wrong inputs are named by the main step.
try {
  await pre();
} catch (error) {
  core.info(`Nothing was announced: ${error instanceof Error ? error.message : String(error)}`);
}

async function pre(): Promise<void> {
  for (const { groupId } of leftGroups(process.env['RUNNER_NAME'])) {
    if (signalGroup(groupId, 'SIGKILL'))
      core.warning(
        `An earlier job of this runner had left processes behind; they have been ended (process group ${String(groupId)}).`,
      );
  }
  const job = readJobEnvironment(process.env);
  const settings = readSettings(core.getInput, job);
  if (settings.token !== '') core.setSecret(settings.token);
  const check = openCheck(
    { settings, job, event: readJobEvent(job), save: saveCheck, warn: core.warning },
    savedCheck(),
  );
  await check.start();
}
