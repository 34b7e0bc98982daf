import { mkdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { InherituneError } from '../../errors.ts';
import { DEFAULT_WINDOW_LENGTH, DEFAULT_WINDOWS } from '../../inherit/scores/block-scores.ts';
import type { BlockScores } from '../../inherit/scores/block-scores.ts';
import { selectBlocks } from '../../inherit/scores/select-blocks.ts';
import type { SelectionScore } from '../../inherit/scores/select-blocks.ts';
import { scoreModel } from '../../run/choose-blocks.ts';
import { openModel } from '../../run/open-model.ts';
import { requireWritable } from '../../run/require-writable.ts';
import type { CommandDefinition } from '../command-io.ts';
import { renderInspection } from '../inspection-table.ts';
import type { Inspection } from '../inspection-table.ts';

interface Options {
  readonly text: string;
  readonly windows: string;
  readonly windowLength: string;
  readonly layers?: string;
  readonly json?: boolean;
  readonly out?: string;
}

export const inspectCommand: CommandDefinition = (io) =>
  new Command('inspect')
    .description('Scores every block of a model on a text: how much it does, and which blocks to keep.')
    .argument('<model>', 'folder, hub id org/name@revision, or .gguf file')
    .requiredOption('--text <file>', '.txt or .jsonl file, a folder of them, or a .bin file of token ids')
    .option('--windows <n>', 'windows of the text, from its beginning', String(DEFAULT_WINDOWS))
    .option('--window-length <tokens>', 'tokens of a window', String(DEFAULT_WINDOW_LENGTH))
    .option('--layers <k>', 'says which k blocks each score would keep')
    .option('--json', 'prints JSON, with the rank of every head, instead of a table')
    .option('--out <file>', 'also writes the JSON to a file')
    .action(async (spec: string, options: Options) => {
      const { context, print, device } = io();
      const windows = wholeNumber('--windows', options.windows, 1);
      const windowLength = wholeNumber('--window-length', options.windowLength, 2);
      const keep = options.layers === undefined ? undefined : wholeNumber('--layers', options.layers, 1);
      const outFile = options.out === undefined ? undefined : resolve(context.cwd, options.out);
      if (outFile !== undefined) await requireWritable(outFile);
      const model = await openModel(spec, context);
      try {
        const { layers } = model.config;
        if (keep !== undefined && keep > layers) {
          throw new InherituneError(
            'usage',
            `--layers is ${keep}, and the model has ${layers} blocks. Give a whole number from 1 to ${layers}.`,
          );
        }
        const text = resolve(context.cwd, options.text);
        const sample = { text, windows, windowLength };
        const scores = await scoreModel(model, sample, () => context.engine(device ?? 'auto'), context);
        const inspection: Inspection = {
          ...{ model: spec, text: basename(text), heads: model.config.heads, ...scores },
          ...(keep === undefined ? {} : { kept: keptBy(scores, keep) }),
        };
        const json = JSON.stringify(inspection, null, 2);
        if (outFile !== undefined) {
          await mkdir(dirname(outFile), { recursive: true });
          await writeFileAtomic(outFile, `${json}\n`);
        }
        print(options.json === true ? json : renderInspection(inspection));
      } finally {
        await model.checkpoint.close();
      }
    });

function keptBy({ blocks }: BlockScores, keep: number): Record<SelectionScore, readonly number[]> {
  const by = (score: SelectionScore): number[] => selectBlocks(blocks, { by: score, keep });
  return { 'block-influence': by('block-influence'), 'attention-rank': by('attention-rank') };
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new InherituneError(
    'usage',
    `${option} is ${JSON.stringify(text)}. Give a whole number of at least ${least}.`,
  );
}
