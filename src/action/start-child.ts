import type { ChildExit } from './child-outcome.ts';
import { childEnvironment } from './environment.ts';
import { GROUP_MARK_VARIABLE } from './process-group.ts';
import type { ActionContext } from './run-action.ts';
import { runChild } from './run-child.ts';
import { trainingLogTimeMs } from './training-state.ts';

/** Runs the command line with these arguments to its end, whatever that is. A training log in `folder` that grows is a sign of life. */
export function startChild(
  context: ActionContext,
  args: readonly string[],
  folder: string,
): Promise<ChildExit> {
  const { settings } = context;
  return runChild(
    {
      file: process.execPath,
      args: [context.cliPath, ...args],
      cwd: context.workspace,
      env: { ...childEnvironment(context.env, settings.token), [GROUP_MARK_VARIABLE]: context.mark },
      timeoutMs: settings.timeoutMs,
      stallMs: settings.stallMs,
      lastSignMs: () => trainingLogTimeMs(folder),
    },
    context.hooks,
  );
}
