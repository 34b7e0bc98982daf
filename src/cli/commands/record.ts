import { resolve } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { EXIT } from '../../errors.ts';
import { DEFAULT_GATES } from '../../judge/gates.ts';
import { renderComparison } from '../../report/comparison-report.ts';
import type { RenderedComparison } from '../../report/comparison-report.ts';
import { renderGrowthComparison } from '../../report/growth-comparison.ts';
import { createRunRecord } from '../../run/run-record.ts';
import { addRun } from '../../store/add-run.ts';
import type { FoundBaseline } from '../../store/add-run.ts';
import { factsOfRecords } from '../../store/comparison-facts.ts';
import { checkedOutCommit, readHistory } from '../../store/git-history.ts';
import { runRecordPath } from '../../store/record-path.ts';
import { isGrown, runRecordText } from '../../store/run-record.ts';
import type { RunRecord } from '../../store/run-record.ts';
import type { CommandDefinition } from '../command-io.ts';
import { openRecordStore } from '../open-record-store.ts';
import { recordedModel } from '../read-comparable.ts';
import { loadRecipe } from '../../recipe/load-recipe.ts';

interface Options {
  readonly recipe?: string;
  readonly set?: string[];
  readonly store?: string;
  readonly out?: string;
  readonly commit?: string;
  readonly baselineBranch?: string;
  readonly report?: string;
  readonly model: string;
}

export const recordCommand: CommandDefinition = (io, end) =>
  new Command('record')
    .description('Makes the record of a finished run: what a later run is compared with. Never rewritten.')
    .argument('<run>', 'folder of a finished run')
    .option('--recipe <file>', 'the recipe that it ran (default: the copy in the folder)')
    .option('--set <field=value...>', 'fields of the recipe to replace in the record, such as its name')
    .option('--store <store>', 'add it to this store: a folder, or branch:NAME of the repository’s origin')
    .option('--out <file>', 'write it to this file')
    .option('--commit <id>', 'commit that was run (default: the one checked out here)')
    .option(
      '--baseline-branch <branch>',
      'compare with the record of the merge base with this branch, e.g. origin/main',
    )
    .option('--report <file>', 'write that comparison as Markdown (exit code 3 for a regression)')
    .option('--model <name>', 'which of the run’s models is compared', 'trained')
    .action(async (run: string, options: Options) => {
      const { context, print } = io();
      const { cwd, env } = context;
      const overrides = options.set ?? [];
      const named = options.recipe && (await loadRecipe(resolve(cwd, options.recipe), { overrides }));
      const commit = options.commit ?? (await checkedOutCommit(cwd, env));
      const record = await createRunRecord({
        folder: resolve(cwd, run),
        ...(named ? { recipe: named.recipe } : { overrides }),
        ...{ commit, now: new Date() },
      });
      if (options.out !== undefined) await writeFileAtomic(resolve(cwd, options.out), runRecordText(record));
      if (options.store === undefined) {
        print(
          options.out === undefined ? runRecordText(record).trimEnd() : `The record is in ${options.out}.`,
        );
        return;
      }
      const history =
        options.baselineBranch === undefined
          ? undefined
          : await readHistory({ cwd, env, head: commit ?? 'HEAD', branch: options.baselineBranch });
      const store = openRecordStore(options.store, context);
      const question = history === undefined ? undefined : { name: record.name, ...history };
      const { baseline, path } = await addRun(store, record, question);
      print(`The record is ${path} in ${store.description}.`);
      if (baseline === undefined) return;
      const report = comparison(baseline, record, options);
      print(report === undefined ? `There is ${baseline.choice.text}.` : report.summary);
      if (report === undefined) return;
      if (options.report !== undefined) await writeFileAtomic(resolve(cwd, options.report), report.markdown);
      if (report.verdict === 'regression') end(EXIT.regression);
    });

function comparison(
  { choice, record: base }: FoundBaseline,
  head: RunRecord,
  { model, store = '' }: Options,
): Pick<RenderedComparison, 'markdown' | 'summary' | 'verdict'> | undefined {
  if (base === undefined || choice.status === 'none') return undefined;
  const path = runRecordPath(head);
  const labels = {
    base: `${base.name} at ${choice.text}`,
    head: `${head.name} at ${head.commit ?? 'no commit'}`,
  };
  const facts = {
    ...factsOfRecords(base, head),
    baseline: `${choice.entry.path}: ${choice.text}`,
    commands: {
      ...{ base: base.command, head: head.command },
      compare: store.startsWith('branch:')
        ? `inheritune compare <(git show origin/${store.slice(7)}:${choice.entry.path}) <(git show origin/${store.slice(7)}:${path})`
        : `inheritune compare ${store}/${choice.entry.path} ${store}/${path}`,
    },
  };
  if (isGrown(base) && isGrown(head))
    return renderGrowthComparison({ base: [base], head: [head] }, labels, DEFAULT_GATES, facts);
  return renderComparison(
    recordedModel(base, model, choice.entry.path),
    recordedModel(head, model, path),
    ...([labels, DEFAULT_GATES, facts] as const),
  );
}
