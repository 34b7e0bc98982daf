import * as core from '@actions/core';
import { randomUUID } from 'node:crypto';
import type { CheckState } from './check.ts';
import type { ChildHooks } from './run-child.ts';

const STATE_GROUP = 'group';
const STATE_MARK = 'mark';

/** A process group that the main step started. */
export interface SavedGroup {
  readonly groupId: number;
  readonly mark: string;
}

/** The child's hooks on a real runner: its log, its signals, and the note for the post step. */
export function runnerHooks(mark: string): ChildHooks {
  return {
    onStart: (groupId) => {
      core.saveState(STATE_GROUP, String(groupId));
      core.saveState(STATE_MARK, mark);
    },
    // Through standard output, where it keeps its place between the child's other lines.
    onStderr: (text) => process.stdout.write(withSections(text)),
    onCancel: (listener) => {
      const signals = ['SIGINT', 'SIGTERM'] as const;
      signals.forEach((signal) => process.on(signal, listener));
      return () => {
        signals.forEach((signal) => process.off(signal, listener));
      };
    },
  };
}

/**
 * The sections of a child's log in the form that the log's page folds by itself. `::group::` is a command, and commands are stopped
 * while the child runs (`withoutCommands`): the runner would leave such a line as it is. What it makes of one is the other form
 * (actions/runner, `GroupCommandExtension`), which says nothing to it and needs no command.
 */
export function withSections(text: string): string {
  return text
    .replace(/^::group::(.*)$/gm, (_, name: string) => `##[group]${name}`)
    .replace(/^::endgroup::$/gm, '##[endgroup]');
}

/** What the main step saved, or undefined when it never started a child. */
export function savedGroup(): SavedGroup | undefined {
  const groupId = Number(core.getState(STATE_GROUP));
  const mark = core.getState(STATE_MARK);
  return Number.isSafeInteger(groupId) && groupId > 1 && mark !== '' ? { groupId, mark } : undefined;
}

/**
 * Runs `work` while the runner takes no commands from the log: what the child prints quotes data and recipes of the change under
 * test, and a line such as `::add-path::` in them must stay a line.
 */
export async function withoutCommands<T>(work: () => Promise<T>): Promise<T> {
  const word = randomUUID();
  process.stdout.write(`::stop-commands::${word}\n`);
  try {
    return await work();
  } finally {
    process.stdout.write(`::${word}::\n`);
  }
}

const CHECK_STATES = { id: 'check-id', url: 'check-url', isOff: 'check-off', isDone: 'check-done' } as const;

/** What an earlier step of this job saved about the check run. */
export function savedCheck(): CheckState {
  const id = Number(core.getState(CHECK_STATES.id));
  const url = core.getState(CHECK_STATES.url);
  return {
    id: Number.isSafeInteger(id) && id > 0 ? id : undefined,
    url: url === '' ? undefined : url,
    isOff: core.getState(CHECK_STATES.isOff) === 'true',
    isDone: core.getState(CHECK_STATES.isDone) === 'true',
  };
}

/** For the steps that follow. */
export function saveCheck(state: Partial<CheckState>): void {
  for (const [key, name] of Object.entries(CHECK_STATES)) {
    const value = state[key as keyof CheckState];
    if (value !== undefined) core.saveState(name, String(value));
  }
}
