import { resolve } from 'node:path';
import { Command } from 'commander';
import { InherituneError } from '../../errors.ts';
import { inherit } from '../../inherit/inherit.ts';
import type { CarriedPart } from '../../inherit/inherit-map.ts';
import { openModel } from '../../run/open-model.ts';
import { CARRIED_PARTS } from '../../recipe/inherit-fields.ts';
import type { CommandDefinition } from '../command-io.ts';

interface Options {
  readonly model: string;
  readonly layers: string;
  readonly out: string;
  readonly carry: string;
  readonly seed: string;
  readonly dtype?: string;
}

export const inheritCommand: CommandDefinition = (io) =>
  new Command('inherit')
    .description('Copies the first blocks of a model, with embeddings, final norm and head, to a new model.')
    .requiredOption('--model <model>', 'folder, hub id org/name@revision, or .gguf file')
    .requiredOption(
      '--layers <layers>',
      'how many of the first blocks, or block numbers from 0 such as 0,1,4',
    )
    .requiredOption('--out <folder>', 'where the new model is written')
    .option('--carry <parts>', 'what comes along besides the blocks', CARRIED_PARTS.join(','))
    .option('--seed <seed>', 'of the random weights of parts that are not carried', '1337')
    .option('--dtype <type>', 'F32, F16 or BF16; without it each tensor keeps its type')
    .action(async (options: Options) => {
      const { context, print } = io();
      const layers = layersOf(options.layers);
      const carry = carryOf(options.carry);
      const dtype = dtypeOf(options.dtype);
      const seed = wholeNumber('--seed', options.seed);
      const { checkpoint } = await openModel(options.model, context);
      try {
        const outFolder = resolve(context.cwd, options.out);
        const result = await inherit({
          checkpoint,
          layers,
          carry,
          seed,
          dtype,
          outFolder,
          progress: context.progress,
        });
        const fresh =
          result.initialised.length === 0 ? '' : `; ${result.initialised.length} tensors started anew`;
        print(
          `${options.out}: ${result.layers.length} blocks, ${result.parameters.toLocaleString('en')} parameters${fresh}`,
        );
      } finally {
        await checkpoint.close();
      }
    });

function layersOf(text: string): number | number[] {
  if (!text.includes(',')) return wholeNumber('--layers', text);
  return text.split(',').map((part) => wholeNumber('--layers', part));
}

function carryOf(text: string): CarriedPart[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.map((part) => {
    const known = CARRIED_PARTS.find((name) => name === part);
    if (known !== undefined) return known;
    throw new InherituneError('usage', `--carry names ${part}. Give a list of ${CARRIED_PARTS.join(', ')}.`);
  });
}

function dtypeOf(text: string | undefined): 'F32' | 'F16' | 'BF16' | undefined {
  if (text === undefined || text === 'F32' || text === 'F16' || text === 'BF16') return text;
  throw new InherituneError('usage', `--dtype is ${text}. Give F32, F16 or BF16.`);
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
  throw new InherituneError('usage', `${option} is ${JSON.stringify(text)}. Give a whole number.`);
}
