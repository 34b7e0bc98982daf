import { readFileSync, readdirSync } from 'node:fs';

/** Carried by the child and everything it starts, so that a left-over is told from a stranger with a reused number. */
export const GROUP_MARK_VARIABLE = 'INHERITUNE_ACTION_GROUP';

/** Sends a signal to a process group; false when no process of it is left (or none that is ours to signal). */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a process of the group carries the mark. Where there is no /proc to look into, a group that can be signalled is
 * taken to be ours.
 */
export function isMarkedGroup(groupId: number, mark: string): boolean {
  let processIds: string[];
  try {
    processIds = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return signalGroup(groupId, 0);
  }
  return processIds.some((id) => groupOf(id) === groupId && hasMark(id, mark));
}

/** Field 5 of /proc/PID/stat, counted behind the parenthesised name, which may hold spaces. Source: proc_pid_stat(5). */
function groupOf(processId: string): number | undefined {
  const stat = readProc(processId, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[2] === undefined ? undefined : Number(fields[2]);
}

function hasMark(processId: string, mark: string): boolean {
  return readProc(processId, 'environ').split('\0').includes(`${GROUP_MARK_VARIABLE}=${mark}`);
}

/** Empty for a process that has just ended or is somebody else's. */
function readProc(processId: string, file: string): string {
  try {
    return readFileSync(`/proc/${processId}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Processes the kernel has ended for want of memory since boot, or undefined where it does not count them. */
export function countKernelOomKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
