import { resolve } from 'node:path';
import type { EventFacts } from '../github/pull-request.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import { decideTonight } from '../store/tonight.ts';
import { keepRecord } from './keep-record.ts';
import { readPartFiles } from './part-files.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import type { ActionContext, WorkResult } from './run-action.ts';
import { withoutResult } from './run-action.ts';
import { withLedger } from './whole-run.ts';

/**
 * Stores the record that a finished run left, and brings the ledger up to tonight. The only part of the work that needs a token
 * which may write contents: it runs no code of the change and takes nothing from other jobs but checked records. A night without
 * a run is entered as such where there was nothing new to run; where a run was due, its missing record is an error.
 * @throws InherituneError for records that cannot be read, and where the store cannot be written
 */
export async function recordStage(
  context: Pick<ActionContext, 'settings' | 'workspace' | 'store' | 'tonight'>,
  event: EventFacts,
  recipe: Pick<RecipeFacts, 'recordName' | 'hash'>,
): Promise<WorkResult> {
  const { settings, workspace } = context;
  const { recordName: name, hash } = recipe;
  if (event.origin !== 'sameRepository' || event.eventName.startsWith('pull_request')) {
    const reason = `A ${event.eventName} event stores no record: records are what later changes are judged by, so only accepted code makes them. Run this part of the work on push, schedule or workflow_dispatch.`;
    return withoutResult({ kind: 'refused', reason });
  }
  const store = context.store(settings.record)!;
  const { records } = readPartFiles(resolve(workspace, settings.results ?? ''), event.headSha);
  const record = records.find((each) => each.name === name);
  if (record === undefined) {
    const { due, text } = await decideTonight(store, { name, recipeHash: hash, commit: event.headSha });
    const message = `There is no record of ${name} among the results, though a run was due (${text}). Look at the jobs that should have made it, and run them again.`;
    if (due) return withoutResult({ kind: 'empty', message });
  }
  const kept = await keepRecord(store, record, {
    ...{ name, ledger: settings.ledger, tonight: context.tonight },
    folder: resolve(workspace, settings.out),
  });
  const report =
    kept.path === undefined
      ? 'Nothing was run, and nothing was stored.'
      : `The record is ${escapeMarkdown(kept.path)} in ${escapeMarkdown(store.description)}.`;
  const outcome =
    kept.path === undefined
      ? ({
          kind: 'nothingNew',
          message: `The store holds a run of ${name} of this recipe and commit.`,
        } as const)
      : ({ kind: 'succeeded' } as const);
  return withLedger({ ...withoutResult(outcome), report }, kept.ledger, settings.out);
}
