import * as core from '@actions/core';
import { isMarkedGroup, signalGroup } from './process-group.ts';
import { savedGroup } from './runner.ts';

// The main step leaves no process behind unless it was itself killed, as the runner does ten seconds after a cancellation.
const group = savedGroup();
if (group && isMarkedGroup(group.groupId, group.mark) && signalGroup(group.groupId, 'SIGKILL')) {
  core.warning(
    `Processes of the run were still there and have been ended (process group ${String(group.groupId)}).`,
  );
}
