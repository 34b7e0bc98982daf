import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { InherituneError } from '../../errors.ts';
import { tensorboardEvents } from '../../train/tensorboard.ts';
import { readTrainLog, TRAIN_LOG } from '../../train/train-log.ts';
import type { TrainLogLine } from '../../train/train-log.ts';
import type { CommandDefinition } from '../command-io.ts';

const COLUMNS = [
  'step',
  'loss',
  'learningRate',
  'gradNorm',
  'tokens',
  'tokensPerSecond',
  'validationLoss',
  'mfu',
] as const;

export const exportCommand: CommandDefinition = (io) =>
  new Command('export')
    .description("Writes the numbers of a run's train.jsonl as CSV or as a TensorBoard event file.")
    .argument('<run>', 'folder of a training run')
    .option('--csv <file>', 'one row for every step, empty where there is no validation loss')
    .option('--tensorboard <folder>', 'a log folder for tensorboard --logdir')
    .action(async (run: string, options: { csv?: string; tensorboard?: string }) => {
      const { context, print } = io();
      const folder = resolve(context.cwd, run);
      const { csv, tensorboard } = options;
      if (csv === undefined && tensorboard === undefined)
        throw new InherituneError(
          'usage',
          'export was not told what to write. Give --csv FILE or --tensorboard FOLDER.',
        );
      const lines = await readTrainLog(folder);
      if (lines.length === 0) {
        throw new InherituneError(
          'usage',
          `${join(folder, TRAIN_LOG)} is missing or has no step. Name the folder of a training run.`,
        );
      }
      if (csv !== undefined) {
        await written(resolve(context.cwd, csv), csvOf(lines));
        print(`${csv}: ${lines.length} steps`);
      }
      if (tensorboard !== undefined) {
        const { birthtimeMs } = await stat(join(folder, TRAIN_LOG));
        const seconds = Math.floor(birthtimeMs / 1000);
        // The name holds the time, as TensorBoard expects: a folder with one file for each run.
        const name = `events.out.tfevents.${String(seconds).padStart(10, '0')}.inheritune`;
        await written(join(resolve(context.cwd, tensorboard), name), tensorboardEvents(lines, seconds));
        print(`${join(tensorboard, name)}: ${lines.length} steps`);
      }
    });

async function written(file: string, data: string | Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, data);
}

function csvOf(lines: readonly TrainLogLine[]): string {
  const rows = lines.map((line) => COLUMNS.map((column) => String(line[column] ?? '')).join(','));
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}
