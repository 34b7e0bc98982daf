import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { InherituneError } from '../errors.ts';
import type { JudgedResult } from '../judge/judged-result.ts';
import { isGrown, runRecordText } from '../store/run-record.ts';
import type { JudgeOptions } from './judge-variants.ts';
import { judgeVariants } from './judge-variants.ts';
import type { Outcome } from './outcome-text.ts';
import type { TasksByModel } from './run-results.ts';
import { findGaps } from './run-results.ts';
import { readPartFiles } from './part-files.ts';
import { mergeVariants, scoresName } from './variant.ts';
import type { Variant } from './variant.ts';
import { variantTables } from './variant-table.ts';
import type { Verdict } from './verdict.ts';

export interface ReportStageOptions extends JudgeOptions {
  /** Folder with the shard files, absolute. */
  readonly shardFolder: string;
  readonly outFolder: string;
  readonly headSha: string;
  /** Variants that must be there. */
  readonly expected: readonly string[];
}

export interface ReportStageResult {
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly report: string | undefined;
  readonly tasks: TasksByModel;
  /** Whether `records/VARIANT.json` holds the record of a complete run. */
  readonly hasRecords: boolean;
}

/**
 * Merges the shards of all variants, judges each against its baseline, and writes `report.md`, `results.json`, one
 * `results/VARIANT.json` each and `results/VARIANT.MODEL.json` for its other models, with `records/VARIANT.json` for those whose
 * training left its part and that lack nothing. Missing shards and failed tasks are named and never green.
 * @throws InherituneError for shards that cannot be read or merged
 */
export async function reportStage(options: ReportStageOptions): Promise<ReportStageResult> {
  const { shards, trainings, unfit } = readPartFiles(options.shardFolder, options.headSha);
  const isUnfit = (name: string): boolean => unfit.some(({ variant }) => variant === name);
  const wrongMachine = {
    kind: 'wrongMachine' as const,
    reasons: [
      ...new Set(unfit.flatMap(({ variant, reasons }) => reasons.map((why) => `${variant}: ${why}`))),
    ],
  };
  if (shards.length === 0) {
    const isNeutral = unfit.length > 0 && options.expected.every(isUnfit);
    return {
      outcome: isNeutral
        ? wrongMachine
        : {
            kind: 'empty',
            message: `There is not one shard of results${existsSync(options.shardFolder) ? '' : ', nor the folder that they would be in'}. Look at the evaluate jobs: all of them failed or left nothing.`,
          },
      verdict: 'none',
      report: undefined,
      tasks: {},
      hasRecords: false,
    };
  }
  const { variants, missing: lost } = mergeVariants(shards, trainings);
  // What a machine that does not fit left out is no fault of the change.
  const missing = lost.filter((text) => !unfit.some(({ variant }) => text.endsWith(` of ${variant}`)));
  const absent = options.expected.filter(
    (name) => !isUnfit(name) && !shards.some(({ variant }) => variant === name),
  );
  missing.unshift(...absent.map((name) => `every shard of ${name}`));
  const table = variantTables(variants);
  const tasks = Object.fromEntries(
    variants.flatMap((variant) =>
      scored(variant).map(({ name, result }) => [name, withoutItems(result.tasks)]),
    ),
  );
  await writeResults(options.outFolder, variants, tasks);
  const hasRecords = await writeRecords(options.outFolder, variants);
  const fit = Object.fromEntries(Object.entries(tasks).filter(([name]) => !isUnfit(name.split('/')[0]!)));
  const gaps =
    missing.length > 0
      ? { kind: 'partlyMissing' as const, missing }
      : findGaps(fit, Object.keys(fit).length > 0);
  let judged;
  try {
    judged = await judgeVariants(
      variants.filter(({ name }) => !isUnfit(name)),
      options,
    );
  } catch (error) {
    if (!(error instanceof InherituneError)) throw error;
    const outcome = { kind: 'baselineUnreadable', message: error.message } as const;
    return {
      outcome,
      verdict: 'none',
      report: await writeReport(options.outFolder, [table]),
      tasks,
      hasRecords: false,
    };
  }
  const outcome = gaps ?? outcomeOf(judged.verdict);
  return {
    outcome: outcome.kind === 'succeeded' && unfit.length > 0 ? wrongMachine : outcome,
    verdict: judged.verdict,
    report: await writeReport(options.outFolder, [judged.markdown, table]),
    tasks,
    hasRecords,
  };
}

/** A complete run's outcome by its verdict; pure. */
export function outcomeOf(verdict: Verdict): Outcome {
  if (verdict === 'regression') return { kind: 'regression' };
  if (verdict === 'missing')
    return {
      kind: 'partlyMissing',
      missing: ['tasks that the baseline has and this run has not (see the report)'],
    };
  return { kind: 'succeeded' };
}

/** Each of a variant's models with the name of its scores, the judged one first. */
function scored({ name, model, result, others = [] }: Variant): { name: string; result: JudgedResult }[] {
  return [...(result === undefined ? [] : [{ model, result }]), ...others].map((each) => ({
    name: scoresName(name, each.model, model),
    result: each.result,
  }));
}

function withoutItems(tasks: JudgedResult['tasks']): TasksByModel[string] {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      task.status === 'scored'
        ? { status: task.status, metrics: { ...task.metrics }, docs: task.docs }
        : { status: task.status, reason: task.reason },
    ]),
  );
}

async function writeResults(
  folder: string,
  variants: readonly Variant[],
  tasks: TasksByModel,
): Promise<void> {
  mkdirSync(join(folder, 'results'), { recursive: true });
  for (const { name, result } of variants.flatMap(scored))
    await writeFileAtomic(join(folder, 'results', `${fileName(name)}.json`), `${JSON.stringify(result)}\n`);
  const models = Object.fromEntries(Object.entries(tasks).map(([name, byName]) => [name, { tasks: byName }]));
  const growth = Object.fromEntries(
    variants.flatMap(({ name, record }) => (isGrown(record) ? [[name, record.growth]] : [])),
  );
  const summary = { schemaVersion: 1, models, ...(Object.keys(growth).length === 0 ? {} : { growth }) };
  await writeFileAtomic(join(folder, 'results.json'), `${JSON.stringify(summary, null, 2)}\n`);
}

/** `layers-13`, and `layers-13.reference` for another of its models. */
function fileName(scores: string): string {
  return scores.replace('/', '.');
}

async function writeRecords(folder: string, variants: readonly Variant[]): Promise<boolean> {
  const complete = variants.flatMap(({ name, record }) => (record === undefined ? [] : [{ name, record }]));
  if (complete.length === 0) return false;
  mkdirSync(join(folder, 'records'), { recursive: true });
  for (const { name, record } of complete)
    await writeFileAtomic(join(folder, 'records', `${name}.json`), runRecordText(record));
  return true;
}

async function writeReport(folder: string, blocks: readonly string[]): Promise<string> {
  const report = `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
  await writeFileAtomic(join(folder, 'report.md'), report);
  return report;
}
