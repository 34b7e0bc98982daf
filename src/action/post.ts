import * as core from '@actions/core';
import { openCheck } from './check.ts';
import { readJobEnvironment } from './environment.ts';
import { readSettings } from './inputs.ts';
import { isMarkedGroup, signalGroup } from './process-group.ts';
import { readJobEvent } from './run-action.ts';
import { saveCheck, savedCheck, savedGroup } from './runner.ts';

// The main step leaves no process behind unless it was itself killed, as the runner does ten seconds after a cancellation.
const group = savedGroup();
if (group && isMarkedGroup(group.groupId, group.mark) && signalGroup(group.groupId, 'SIGKILL')) {
  core.warning(
    `Processes of the run were still there and have been ended (process group ${String(group.groupId)}).`,
  );
}

// A check run in progress would hold the pull request for ever.
const saved = savedCheck();
if (saved.id !== undefined && !saved.isDone) {
  try {
    const job = readJobEnvironment(process.env);
    const settings = readSettings(core.getInput, job);
    const event = readJobEvent(job);
    await openCheck({ settings, job, event, save: saveCheck, warn: core.warning }, saved).abandon();
  } catch (error) {
    core.warning(
      `The check run was left in progress: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
