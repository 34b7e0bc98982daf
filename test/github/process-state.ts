import { spawnSync } from 'node:child_process';

/** Whether a process of the group runs. Dead ones that nobody has waited for yet (state Z) do not. */
export function isGroupAlive(groupId: number): boolean {
  return runningProcesses().some(({ group }) => group === groupId);
}

export function isRunning(processId: number): boolean {
  return runningProcesses().some(({ id }) => id === processId);
}

function runningProcesses(): { readonly id: number; readonly group: number }[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,pgid=,stat='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [id, group, state] = line.trim().split(/\s+/);
    return state === undefined || state.startsWith('Z') ? [] : [{ id: Number(id), group: Number(group) }];
  });
}
