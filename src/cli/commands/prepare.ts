import { resolve } from 'node:path';
import { Command } from 'commander';
import { markdownTable } from 'markdown-table';
import { loadCheckpointTokenizer } from '../../data/checkpoint-tokenizer.ts';
import { readManifest } from '../../data/read-manifest.ts';
import type { TokenManifest } from '../../data/token-manifest.ts';
import { InherituneError } from '../../errors.ts';
import { requireSections } from '../../recipe/required-sections.ts';
import { openModel } from '../../run/open-model.ts';
import { prepareFromSources } from '../../run/training-tokens.ts';
import type { CommandDefinition } from '../command-io.ts';
import { readRecipe } from './read-recipe.ts';

export const prepareCommand: CommandDefinition = (io) =>
  new Command('prepare')
    .description(
      "Turns a recipe's text into files of token ids: a seeded subset to train on, and held-out documents.",
    )
    .argument('<recipe>', 'YAML file')
    .requiredOption('--out <folder>', 'where the token files and manifest.json are written')
    .option('--set <field=value...>', 'replaces a field of the recipe')
    .action(async (file: string, options: { out: string; set?: string[] }) => {
      const given = io();
      const { context, print } = given;
      const loaded = await readRecipe(file, options.set, given, ['data']);
      const { data, train, reference } = requireSections(loaded, 'prepare', ['data']);
      if (data.sources === undefined) {
        throw new InherituneError(
          'data',
          `${file}: data.tokens names ready token ids. Give data.sources to prepare text.`,
        );
      }
      const outFolder = resolve(context.cwd, options.out);
      const tokenizer = async () => {
        const { checkpoint } = await openModel(reference.model, context);
        try {
          return await loadCheckpointTokenizer(checkpoint);
        } finally {
          await checkpoint.close();
        }
      };
      await prepareFromSources(data, train, tokenizer, outFolder, context);
      const manifest = await readManifest(outFolder);
      print(
        `${options.out}: ${manifest.train.tokens} training tokens of ${manifest.train.documents} documents in ${manifest.train.shards.length} file(s), ` +
          `${manifest.validation?.tokens ?? 0} held out, ${manifest.documents.duplicates} duplicates dropped\n${sourceTable(manifest)}`,
      );
    });

/** What each source gave. */
function sourceTable({ sources, train }: TokenManifest): string {
  const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`;
  const rows = sources.map(({ name, share, documents, ...parts }) => [
    ...[name, share === null ? '' : percent(share, 1), percent(parts.train.tokens, train.tokens)],
    ...[parts.train.tokens, parts.train.documents, parts.validation.tokens].map(String),
    ...[documents.read, documents.empty, documents.duplicates].map(String),
  ]);
  const head = [
    ...['source', 'share', 'of tokens', 'tokens', 'documents', 'held-out tokens'],
    ...['documents read', 'empty', 'duplicates'],
  ];
  return markdownTable([head, ...rows], { align: ['l', ...head.slice(1).map(() => 'r')] });
}
