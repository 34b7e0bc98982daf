import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, InherituneError } from '../../errors.ts';
import type { Precision } from '../../graph/ops.ts';
import { renderEvaluationTable } from '../evaluation-table.ts';
import { evaluateModel } from '../../run/evaluate-stage.ts';
import { openModel } from '../../run/open-model.ts';
import { shippedEvaluationData } from '../../run/package-root.ts';
import type { CommandDefinition } from '../command-io.ts';

interface Options {
  readonly model: string;
  readonly tasks: string;
  readonly out: string;
  readonly data?: string;
  readonly limit?: string;
  readonly numFewshot?: string;
  readonly addBos?: string;
  readonly precision: Precision;
}

export const evaluateCommand: CommandDefinition = (io, end) =>
  new Command('evaluate')
    .description(
      'Evaluates a model on tasks by the definitions of lm-eval, and writes every item to a JSON file.',
    )
    .requiredOption('--model <model>', 'folder, hub id org/name@revision, or .gguf file')
    .requiredOption('--tasks <tasks>', 'names separated by commas; nine and mmlu stand for several')
    .requiredOption('--out <file>', 'where the results are written')
    .option(
      '--data <folder>',
      'folder of <task>.jsonl files; without it the small sample that comes with the tool',
    )
    .option('--limit <n>', 'the first n documents of each task (of each MMLU subject)')
    .option('--num-fewshot <n>', "solved examples before each question; without it each task's own number")
    .option('--add-bos <true|false>', 'whether contexts start with BOS; without it as the tokenizer does')
    .addOption(new Option('--precision <precision>').choices(['float32', 'bfloat16']).default('float32'))
    .action(async (options: Options) => {
      const { context, print, device } = io();
      const limit = numberOf('--limit', options.limit);
      const fewShot = numberOf('--num-fewshot', options.numFewshot);
      const addBos = flagOf(options.addBos);
      const dataFolder =
        options.data === undefined ? shippedEvaluationData() : resolve(context.cwd, options.data);
      const outFile = resolve(context.cwd, options.out);
      // An output that cannot be written is told before an hour of computing, not after it.
      await mkdir(dirname(outFile), { recursive: true });
      const model = await openModel(options.model, context);
      try {
        const result = await evaluateModel(
          {
            ...{
              model,
              label: options.model,
              dataFolder,
              limit,
              fewShot,
              addBos,
              precision: options.precision,
            },
            tasks: options.tasks
              .split(',')
              .map((name) => name.trim())
              .filter((name) => name !== ''),
            engine: () => context.engine(device ?? 'auto'),
          },
          context,
        );
        await writeFileAtomic(outFile, `${JSON.stringify(result)}\n`);
        print(renderEvaluationTable(result));
        if (Object.values(result.tasks).some((task) => task.status === 'failed')) end(EXIT.failed);
      } finally {
        await model.checkpoint.close();
      }
    });

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InherituneError('usage', `${option} is ${JSON.stringify(text)}. Give a number.`);
}

function flagOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InherituneError('usage', `--add-bos is ${JSON.stringify(text)}. Give true or false.`);
}
