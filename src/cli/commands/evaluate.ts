import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, InherituneError } from '../../errors.ts';
import type { Precision } from '../../graph/ops.ts';
import { renderEvaluationTable } from '../evaluation-table.ts';
import { PROTOCOLS } from '../../evaluate/protocol.ts';
import type { EvaluationResult, Protocol } from '../../evaluate/result.ts';
import { evaluateModel, openJournal } from '../../run/evaluate-stage.ts';
import { openModel } from '../../run/open-model.ts';
import { byteSize } from '../../recipe/byte-size.ts';
import { requireWritable } from '../../run/require-writable.ts';
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
  readonly protocol: Protocol;
  readonly maxMemory?: string;
  readonly json?: boolean;
  readonly precision: Precision;
}

export const evaluateCommand: CommandDefinition = (io, end) =>
  new Command('evaluate')
    .description(
      'Evaluates a model on tasks by the definitions of lm-eval, and writes every item to a JSON file.',
    )
    .requiredOption('--model <model>', 'folder, hub id org/name@revision, or .gguf file')
    .requiredOption(
      '--tasks <tasks>',
      'names or task files (.yaml) separated by commas; nine and mmlu stand for several',
    )
    .requiredOption('--out <file>', 'where the results are written')
    .option(
      '--data <folder>',
      'folder of <task>.jsonl files, or "sample" for the small sample that comes with the tool; without it the datasets are fetched from the hub',
    )
    .option(
      '--limit <n>',
      'the first n documents of each task (of each MMLU subject); below 1 that share of them',
    )
    .option('--num-fewshot <n>', "solved examples before each question; without it each task's own number")
    .option('--add-bos <true|false>', 'whether contexts start with BOS; without it as the tokenizer does')
    .addOption(
      new Option('--protocol <protocol>', "whose definitions; inheritune-2024 are those of the paper's table")
        .choices([...PROTOCOLS])
        .default(PROTOCOLS[0]),
    )
    .option(
      '--max-memory <size>',
      'memory that scoring may take, in bytes or as 8GB: of the process on a CPU, of the device on a GPU',
    )
    .option('--json', 'prints the results without their items as JSON instead of a table')
    .addOption(new Option('--precision <precision>').choices(['float32', 'bfloat16']).default('float32'))
    .action(async (options: Options) => {
      const { context, print, device } = io();
      const limit = numberOf('--limit', options.limit);
      const fewShot = numberOf('--num-fewshot', options.numFewshot);
      const addBos = flagOf(options.addBos);
      const maxMemoryBytes = bytesOf('--max-memory', options.maxMemory);
      const dataFolder = dataOf(options.data, context.cwd);
      const outFile = resolve(context.cwd, options.out);
      // An output that cannot be written is told before an hour of computing, not after it.
      await requireWritable(outFile);
      const model = await openModel(options.model, context);
      const { precision, protocol } = options;
      const journal = await openJournal(outFile, { model, precision }, context);
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
              maxMemoryBytes,
            },
            ...{ precision, protocol, journal },
            tasks: options.tasks
              .split(',')
              .map((name) => name.trim())
              .filter((name) => name !== ''),
            engine: () => context.engine(device ?? 'auto'),
          },
          context,
        );
        await mkdir(dirname(outFile), { recursive: true });
        await writeFileAtomic(outFile, `${JSON.stringify(result)}\n`);
        await journal.remove();
        print(options.json === true ? withoutItems(result) : renderEvaluationTable(result));
        if (Object.values(result.tasks).some((task) => task.status === 'failed')) end(EXIT.failed);
      } finally {
        journal.close();
        await model.checkpoint.close();
      }
    });

function dataOf(data: string | undefined, cwd: string): string | undefined {
  if (data === 'sample') return shippedEvaluationData();
  return data === undefined ? undefined : resolve(cwd, data);
}

/** Items are most of a result, and stand in the file. */
function withoutItems(result: EvaluationResult): string {
  return JSON.stringify(
    result,
    (key, value: unknown) => (key === 'items' && Array.isArray(value) ? undefined : value),
    2,
  );
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InherituneError('usage', `${option} is ${JSON.stringify(text)}. Give a number.`);
}

function bytesOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = byteSize(text);
  if (bytes !== undefined) return bytes;
  throw new InherituneError(
    'usage',
    `${option} is ${JSON.stringify(text)}. Give a number of bytes, or one with a unit such as 8GB.`,
  );
}

function flagOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InherituneError('usage', `--add-bos is ${JSON.stringify(text)}. Give true or false.`);
}
