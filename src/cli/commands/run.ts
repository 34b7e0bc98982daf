import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { requireSections } from '../../recipe/required-sections.ts';
import { shellWord } from '../../report/comparison-facts.ts';
import type { RunContext } from '../../run/context.ts';
import { growRecipe } from '../../run/grow-recipe.ts';
import { runRecipe } from '../../run/run-recipe.ts';
import type { StageBaseline } from '../../run/stage-record.ts';
import { readHistory } from '../../store/git-history.ts';
import { findReusableRun } from '../../store/reuse-baseline.ts';
import type { CommandDefinition } from '../command-io.ts';
import { openRecordStore } from '../open-record-store.ts';
import { readRecipe } from './read-recipe.ts';

interface Options {
  readonly out?: string;
  readonly set?: string[];
  readonly baseline?: string;
  readonly baselineBranch?: string;
  readonly leaveEvaluation?: boolean;
}

export const runCommand: CommandDefinition = (io) =>
  new Command('run')
    .description(
      'The whole job of a recipe: inherit, prepare, train, evaluate, report. Finished stages are reused.',
    )
    .argument('<recipe>', 'YAML file')
    .option('--out <folder>', 'where everything is left (default: runs/NAME)')
    .option('--set <field=value...>', 'replaces a field of the recipe, e.g. --set train.steps=10')
    .option(
      '--baseline <record>',
      'take stages with the same inputs from a run record: its file, a store (folder or branch:NAME), or STORE:runs/….json',
    )
    .option(
      '--baseline-branch <branch>',
      'of the store, take the record of the merge base with this branch instead of the newest',
    )
    .option(
      '--leave-evaluation',
      'evaluate nothing: results.json says which models another machine has to evaluate',
    )
    .action(async (file: string, options: Options) => {
      const given = io();
      const { context, print } = given;
      const loaded = await readRecipe(file, options.set, given);
      const { recipe } = loaded;
      const out = options.out ?? `runs/${recipe.name}`;
      const outFolder = resolve(context.cwd, out);
      const baseline = await baselineOf(options, recipe.name, context);
      const words = [
        ...['inheritune', 'run', file, '--out', out],
        ...(options.set ?? []).flatMap((set) => ['--set', set]),
        ...(given.device === undefined ? [] : ['--device', given.device]),
        ...(options.leaveEvaluation === true ? ['--leave-evaluation'] : []),
      ];
      const command = words.map(shellWord).join(' ');
      const made = {
        ...{ outFolder, command, written: loaded.written, baseline },
        leaveEvaluation: options.leaveEvaluation === true,
      };
      const sections = ['inherit', 'data', 'train', 'grow'] as const;
      const { text, reportFile } =
        recipe.grow === undefined
          ? await runRecipe(recipe, made, context)
          : await growRecipe(requireSections(loaded, 'run', sections), made, context);
      print(text);
      print(`The whole report is in ${relative(context.cwd, reportFile) || reportFile}.`);
    });

/** Read and checked before anything is computed: a broken baseline is no baseline of none. */
async function baselineOf(
  { baseline: spec, baselineBranch: branch }: Options,
  name: string,
  context: RunContext,
): Promise<StageBaseline | undefined> {
  if (spec === undefined) return undefined;
  const { cwd, env } = context;
  const found = await findReusableRun({
    ...{ spec, cwd, name, openStore: (store) => openRecordStore(store, context) },
    history: branch === undefined ? undefined : await readHistory({ cwd, env, head: 'HEAD', branch }),
  });
  if (found.status === 'found') return found;
  context.progress.note(`There is ${found.text}: every stage is run.`);
  return undefined;
}
