import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { InherituneError } from '../../errors.ts';
import type { CommandDefinition } from '../command-io.ts';
import { lossCurves } from '../plot/loss-curves.ts';
import { readRuns } from '../plot/read-run.ts';

interface Options {
  readonly svg?: string;
  readonly smooth: string;
  readonly x: 'step' | 'tokens';
}

/** Of a log or a pipe, which have no width. */
const DEFAULT_COLUMNS = 100;

export const plotCommand: CommandDefinition = (io) =>
  new Command('plot')
    .description('Draws the training and validation losses of runs, also of one that is still going.')
    .argument(
      '<run...>',
      "folders of training runs, or their train.jsonl; a growing run's folder is all its models",
    )
    .option('--svg <file>', 'write the chart as an SVG file, too')
    .option(
      '--smooth <weight>',
      'moving average of training losses as in TensorBoard: from 0 to below 1',
      '0',
    )
    .addOption(new Option('--x <axis>', 'what to draw over').choices(['step', 'tokens']).default('step'))
    .action(async (paths: string[], { svg, smooth, x }: Options) => {
      const { context, columns, print } = io();
      const weight = weightOf(smooth);
      const runs = (await readRuns(paths, context.cwd)).map((run) => lossCurves(run, { x, smooth: weight }));
      const empty = runs.find(({ training, validation }) => training.length + validation.length === 0);
      if (empty !== undefined) {
        throw new InherituneError('usage', `The run ${empty.name} has no finite loss. Name another run.`);
      }
      // Loaded here because no other command draws.
      const { terminalChart } = await import('../plot/terminal-chart.ts');
      const colour = columns !== undefined && !context.env['NO_COLOR'];
      print(terminalChart(runs, { x, columns: columns ?? DEFAULT_COLUMNS, colour }));
      if (svg === undefined) return;
      const { svgLossChart } = await import('../plot/svg-loss-chart.ts');
      const file = resolve(context.cwd, svg);
      await mkdir(dirname(file), { recursive: true });
      await writeFileAtomic(file, svgLossChart(runs, x));
      print(`${svg}: written`);
    });

function weightOf(text: string): number {
  const weight = Number(text);
  if (text.trim() !== '' && weight >= 0 && weight < 1) return weight;
  throw new InherituneError('usage', `--smooth is ${text}. Give a number from 0 to below 1, such as 0.9.`);
}
