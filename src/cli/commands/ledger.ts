import { resolve } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { InherituneError } from '../../errors.ts';
import { loadRecipe } from '../../recipe/load-recipe.ts';
import { recipeHash } from '../../recipe/recipe-hash.ts';
import { ledgerBadge, renderLedger } from '../../report/ledger-report.ts';
import { checkedOutCommit } from '../../store/git-history.ts';
import { ledgerNights, ledgerRows, updateLedger } from '../../store/ledger.ts';
import { decideTonight } from '../../store/tonight.ts';
import type { CommandDefinition } from '../command-io.ts';
import { openRecordStore } from '../open-record-store.ts';

interface Options {
  readonly store: string;
  readonly set?: string[];
  readonly night?: string;
  readonly out?: string;
  readonly badge?: string;
  readonly due?: boolean;
}

export const ledgerCommand: CommandDefinition = (io) =>
  new Command('ledger')
    .description(
      'Judges the paper’s claims by the runs in a store, one entry a night; missed nights are caught up.',
    )
    .argument('<recipe>', 'the nightly recipe')
    .requiredOption('--store <store>', 'a folder, or branch:NAME of the repository’s origin')
    .option('--set <field=value...>', 'the fields that are replaced in the recipe')
    .option('--night <date>', 'the last night to fill, as YYYY-MM-DD (default: today, UTC)')
    .option('--out <file>', 'write the ledger as Markdown instead of printing it')
    .option('--badge <file>', 'write a badge for shields.io')
    .option(
      '--due',
      'only say whether a run tonight would compute anything new: prints run=true or run=false',
    )
    .action(async (file: string, options: Options) => {
      const { context, print } = io();
      const { cwd, env } = context;
      const { recipe } = await loadRecipe(resolve(cwd, file), { overrides: options.set ?? [] });
      const store = openRecordStore(options.store, context);
      if (options.due === true) {
        const commit = await checkedOutCommit(cwd, env);
        const night = { name: recipe.name, recipeHash: recipeHash(recipe), commit };
        const decision = await decideTonight(store, night);
        // The form of $GITHUB_OUTPUT: a workflow appends it as it is.
        print(`run=${String(decision.due)}\nreason=${decision.text}`);
        return;
      }
      const { entries, added } = await updateLedger(store, recipe.name, nightOf(options.night));
      const rows = ledgerRows(entries);
      const markdown = renderLedger(recipe.name, rows, ledgerNights(entries));
      if (options.badge !== undefined)
        await writeFileAtomic(resolve(cwd, options.badge), `${JSON.stringify(ledgerBadge(rows))}\n`);
      if (options.out === undefined) print(markdown.trimEnd());
      else {
        await writeFileAtomic(resolve(cwd, options.out), markdown);
        const judged = added.filter(({ state }) => state === 'judged').length;
        print(
          added.length === 0
            ? 'The ledger is complete: nothing was added.'
            : `${added.length} ${added.length === 1 ? 'night' : 'nights'} added: ${judged} judged, ${added.length - judged} with nothing new.`,
        );
      }
    });

function nightOf(text: string | undefined): string {
  if (text === undefined) return new Date().toISOString().slice(0, 10);
  if (/^\d{4}-\d\d-\d\d$/.test(text) && new Date(text).toJSON()?.startsWith(text)) return text;
  throw new InherituneError('usage', `--night is ${text}. Give a date such as 2026-03-01.`);
}
