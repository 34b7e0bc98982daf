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
  const ids = processIds();
  if (ids.length === 0) return signalGroup(groupId, 0);
  return ids.some((id) => groupOf(id) === groupId && hasMark(id, mark));
}

/** A process group that an earlier job of this runner left behind. */
export interface LeftGroup {
  readonly groupId: number;
  readonly mark: string;
}

/**
 * The mark of this job's processes: which runner started them, and a value nobody else has. A runner does one job at a time, so
 * whatever carries its name when a job begins was left behind; other runners on the same machine have other names.
 */
export function groupMark(runnerName: string | undefined, unique: string): string {
  return `${encodeURIComponent(runnerName ?? '')}/${unique}`;
}

/** Groups that an earlier job of this runner left; none where the runner has no name or there is no /proc. */
export function leftGroups(runnerName: string | undefined): LeftGroup[] {
  if (runnerName === undefined || runnerName === '') return [];
  const prefix = `${GROUP_MARK_VARIABLE}=${groupMark(runnerName, '')}`;
  const found = new Map<number, string>();
  for (const id of processIds()) {
    const entry = readProc(id, 'environ')
      .split('\0')
      .find((variable) => variable.startsWith(prefix));
    const groupId = entry === undefined ? undefined : groupOf(id);
    if (entry !== undefined && groupId !== undefined && groupId > 1)
      found.set(groupId, entry.slice(GROUP_MARK_VARIABLE.length + 1));
  }
  return [...found].map(([groupId, mark]) => ({ groupId, mark }));
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
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
