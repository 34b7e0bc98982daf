import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, InherituneError } from '../../errors.ts';
import { DEFAULT_GATES } from '../../judge/gates.ts';
import { renderComparison } from '../../report/comparison-report.ts';
import { parseEvaluationResult } from '../../report/result-schema.ts';
import type { EvaluationResult } from '../../evaluate/result.ts';
import type { CommandDefinition } from '../command-io.ts';

interface Options {
  readonly out?: string;
  readonly maxDrop: string;
  readonly confidence: string;
  readonly model: string;
}

export const compareCommand: CommandDefinition = (io, end) =>
  new Command('compare')
    .description(
      'Compares two results item by item and says whether the second is a regression (exit code 3).',
    )
    .argument('<base>', 'results file, or the folder of a run')
    .argument('<head>', 'results file, or the folder of a run')
    .option('--out <file>', 'write the report as Markdown instead of printing it')
    .option(
      '--max-drop <points>',
      'largest accepted drop in percentage points',
      String(DEFAULT_GATES.maximumDropPoints),
    )
    .option('--confidence <share>', 'of the intervals and of the verdict', String(DEFAULT_GATES.confidence))
    .option('--model <name>', 'which of a run folder’s models', 'trained')
    .action(async (base: string, head: string, options: Options) => {
      const { context, print } = io();
      const read = (path: string): Promise<EvaluationResult> => readResult(path, options.model, context.cwd);
      const { markdown, summary, verdict } = renderComparison(
        await read(base),
        await read(head),
        { base, head },
        {
          maximumDropPoints: numberOf('--max-drop', options.maxDrop),
          confidence: numberOf('--confidence', options.confidence),
        },
      );
      if (options.out !== undefined) await writeFileAtomic(resolve(context.cwd, options.out), markdown);
      print(options.out === undefined ? markdown.trimEnd() : summary);
      if (verdict === 'regression') end(EXIT.regression);
      if (verdict === 'missing' || verdict === 'incomparable') end(EXIT.failed);
    });

async function readResult(path: string, model: string, cwd: string): Promise<EvaluationResult> {
  const given = resolve(cwd, path);
  const isFolder = (await stat(given).catch(() => undefined))?.isDirectory() === true;
  const file = isFolder ? join(given, 'results', `${model}.json`) : given;
  const shown = isFolder ? join(path, 'results', `${model}.json`) : path;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
    throw new InherituneError(
      'result',
      `${shown}: ${reason}. Give a file that \`inheritune evaluate\` wrote, or the folder of a run.`,
      {
        cause,
      },
    );
  }
  return parseEvaluationResult(json, shown);
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InherituneError('usage', `${option} is ${JSON.stringify(text)}. Give a number.`);
}
