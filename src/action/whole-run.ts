import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, InherituneError } from '../errors.ts';
import type { EventFacts } from '../github/pull-request.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import { judgeVariants } from './judge-variants.ts';
import { keepRecord, LEDGER_FILE } from './keep-record.ts';
import type { Ledger } from './keep-record.ts';
import type { MadeRecord } from './make-record.ts';
import { RECORD_FILE } from './make-record.ts';
import type { Outcome } from './outcome-text.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { outcomeOf } from './report-stage.ts';
import type { ActionContext, WorkResult } from './run-action.ts';
import type { RunFiles } from './run-folder.ts';
import { readReport } from './run-folder.ts';
import { findGaps, readJudgedModel, readRunTasks } from './run-results.ts';

/** A child that ended well, and what it left. */
export interface EndedRun {
  /** Absolute. */
  readonly folder: string;
  readonly files: RunFiles;
  readonly ended: Outcome;
  readonly stderrTail: string;
}

/** Judges a complete run against its baseline, and keeps its record. */
export async function wholeRun(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  { folder, files, ended, stderrTail }: EndedRun,
): Promise<WorkResult> {
  const report = readReport(folder, files);
  const tasks = readRunTasks(folder) ?? {};
  const result = { verdict: 'none' as const, report, files, tasks, stderrTail };
  if (!report?.trim()) {
    // Exit code 0 without a report is not a success: a run that did nothing must not be green.
    const message =
      'The run ended without an error but wrote no report. Look at its log, and report this with it.';
    return { ...result, outcome: { kind: 'failed', exitCode: EXIT.done, message } };
  }
  const gaps = findGaps(tasks, recipe.evaluate !== undefined);
  if (gaps !== undefined) return { ...result, outcome: gaps };
  const made = await context.duringChild(() => context.makeRecord(event, recipe));
  const withRecord =
    made.state === 'failed'
      ? result
      : { ...result, files: { ...files, 'record-path': join(context.settings.out, RECORD_FILE) } };
  const judged = await judgedRun(context, event, recipe, { folder, made, ended, result: withRecord });
  return keptRun(context, event, recipe, { folder, made, work: judged });
}

async function judgedRun(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  run: {
    readonly folder: string;
    readonly made: MadeRecord;
    readonly ended: Outcome;
    readonly result: Omit<WorkResult, 'outcome'>;
  },
): Promise<WorkResult> {
  const { settings, job } = context;
  const { folder, made, ended, result } = run;
  if (ended.kind === 'regression') return { ...result, verdict: 'regression', outcome: ended };
  const baseline = context.baseline(recipe.name, event);
  if (baseline === undefined) return { ...result, outcome: ended };
  const record = made.state === 'made' ? made.record : undefined;
  // Scores in the folder of a growing run are of an earlier one.
  const judgedModel = recipe.grows ? undefined : readJudgedModel(folder);
  if (recipe.grows && made.state === 'failed') {
    const message = `The run is complete, but it has no record to compare it with its baseline by: ${made.reason}`;
    return { ...result, outcome: { kind: 'failed', exitCode: EXIT.failed, message } };
  }
  if (judgedModel === undefined && record?.growth === undefined) return { ...result, outcome: ended };
  const { maximumDropPoints, confidence, variant } = settings;
  try {
    const judged = await judgeVariants(
      [
        {
          ...{ name: variant, model: judgedModel?.key ?? 'trained', result: judgedModel?.result },
          ...{ record, recordFile: join(settings.out, RECORD_FILE) },
        },
      ],
      { baseline, maximumDropPoints, confidence, reportUrl: job.runUrl },
    );
    await writeFileAtomic(join(folder, 'comparison.md'), `${judged.markdown}\n`);
    return {
      ...result,
      verdict: judged.verdict,
      outcome: outcomeOf(judged.verdict),
      report: `${judged.markdown}\n\n${result.report ?? ''}`,
    };
  } catch (error) {
    if (!(error instanceof InherituneError)) throw error;
    return { ...result, outcome: { kind: 'baselineUnreadable', message: error.message } };
  }
}

/** Keeps the record of a complete run, whatever its verdict; one without a baseline that could be read, or with gaps, has none. */
async function keptRun(
  context: ActionContext,
  event: EventFacts,
  recipe: RecipeFacts,
  { folder, made, work }: { readonly folder: string; readonly made: MadeRecord; readonly work: WorkResult },
): Promise<WorkResult> {
  const { settings } = context;
  const store = context.store(settings.record);
  if (store === undefined) {
    if (made.state === 'failed') context.warn(`The run has no record: ${made.reason}`);
    return work;
  }
  if (work.outcome.kind !== 'succeeded' && work.outcome.kind !== 'regression') return work;
  if (event.origin !== 'sameRepository') {
    context.warn(
      'The run is not recorded: its code is not of this repository, and records are what later runs are judged by.',
    );
    return work;
  }
  if (made.state === 'failed') return notStored(work, made.reason);
  try {
    const { recordName: name } = recipe;
    const { ledger, out } = settings;
    const kept = await keepRecord(store, made.record, { name, ledger, tonight: context.tonight, folder });
    return withLedger(work, kept.ledger, out);
  } catch (error) {
    // Also a disk that is full or a folder that is a file: the run itself is complete.
    return notStored(work, error instanceof Error ? error.message : String(error));
  }
}

/** The claim ledger follows the report. */
export function withLedger(work: WorkResult, ledger: Ledger | undefined, out: string): WorkResult {
  if (ledger === undefined) return work;
  return {
    ...work,
    badge: ledger.badge,
    report: [work.report, ledger.markdown].filter((text) => text !== undefined).join('\n\n'),
    files: { ...work.files, 'ledger-path': join(out, LEDGER_FILE) },
  };
}

function notStored(work: WorkResult, reason: string): WorkResult {
  const message = `The run is complete, but its record was not stored: ${reason}`;
  // A regression is the more important news.
  return work.outcome.kind === 'regression'
    ? { ...work, report: `${work.report ?? ''}\n\n${escapeMarkdown(message)}` }
    : { ...work, outcome: { kind: 'failed', exitCode: EXIT.failed, message } };
}
