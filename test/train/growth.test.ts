import { existsSync, mkdtempSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrowthResult } from '../../src/judge/growth-result.ts';
import { readTrainLog } from '../../src/train/train-log.ts';
import { cli } from '../support/cli.ts';
import { inRepository } from '../support/repository.ts';

const folder = mkdtempSync(join(tmpdir(), 'inheritune-growth-'));
afterAll(() => rm(folder, { recursive: true }));

/** 3 blocks, bytes as tokens. What the LLaMA family does in this loop is in claims.test.ts. */
const ARCHITECTURE = {
  ...{ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_layer: 3, n_embd: 32, n_head: 4 },
  ...{ vocab_size: 257, n_positions: 64, eos_token_id: 256 },
};

async function architecture(change: object = {}): Promise<string> {
  const model = join(folder, `model-${Object.keys(change).join('-')}`);
  await mkdir(model, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await cp(inRepository(`recipes/models/byte-llama/${name}`), join(model, name));
  await writeFile(join(model, 'config.json'), JSON.stringify({ ...ARCHITECTURE, ...change }));
  return model;
}

interface Growing {
  readonly reference: object;
  readonly layers: number;
  readonly grow: object;
  readonly steps: number;
  readonly learningRate: number;
  readonly out: string;
}

async function grow(growing: Growing): Promise<GrowthResult> {
  const { exitCode, errors, out: printed } = await growCli(growing);
  const { out } = growing;
  expect(exitCode, errors).toBe(0);
  expect(printed.trimEnd()).toBe((await readFile(join(out, 'growth.md'), 'utf8')).trimEnd());
  return JSON.parse(await readFile(join(out, 'growth.json'), 'utf8')) as GrowthResult;
}

/** `inheritune grow` on the text that ships with the repository. */
async function growCli({ reference, layers, grow: section, steps, learningRate, out }: Growing) {
  const recipe = join(folder, 'recipe.yml');
  const sources = [{ path: inRepository('data/corpus'), documents: 'paragraph' }];
  await writeFile(
    recipe,
    stringify({
      ...{ reference, inherit: { layers }, grow: section },
      data: { sources, subsetTokens: 32769, validationTokens: 2049 },
      train: {
        ...{ sequenceLength: 32, microBatch: 8, accumulate: 1, steps, precision: 'float32' },
        optimizer: { learningRate, warmupSteps: Math.ceil(steps / 10) },
      },
    }),
  );
  return cli(['grow', recipe, '--out', out]);
}

const firstLoss = async (out: string, place: string): Promise<number> =>
  (await readTrainLog(join(out, place)))[0]!.loss;
const rows = ({ models }: GrowthResult): unknown[] =>
  models.map(({ name, blocks, initialisation, steps }) => [name, blocks, initialisation, steps]);
const lossOf = ({ models }: GrowthResult, row: string): number =>
  models.find(({ name }) => name === row)!.lossNats;

const fromRandom = join(folder, 'from-random');

describe('a reference from random weights', () => {
  let result: GrowthResult;

  beforeAll(async () => {
    result = await grow({
      ...{ reference: { model: await architecture(), initialise: 'random', seed: 3 }, layers: 2 },
      ...{ grow: { rounds: 1, baselines: ['scratch', 'stacking', 'halfWidth'] }, out: fromRandom },
      ...{ steps: 60, learningRate: 3e-3 },
    });
  });

  test('the table has the reference, the target and every baseline, with their depths and starts', () => {
    expect(rows(result)).toEqual([
      ['reference', 3, 'random', 60],
      ['target 2 blocks', 2, 'inherited', 60],
      ['scratch', 2, 'random', 60],
      ['stacking', 2, 'stacked (half trained 60 steps)', 60],
      ['half width', 3, 'random', 60],
    ]);
    const [reference, target, scratch, stacking, half] = result.models;
    expect([scratch!.parameters, stacking!.parameters]).toEqual([target!.parameters, target!.parameters]);
    expect(half!.parameters).toBeLessThan(reference!.parameters / 2);
  });

  test('warm starts are ahead of random weights, and half the width is behind', () => {
    expect(result.parity).toBe(true);
    const scratch = lossOf(result, 'scratch');
    expect(lossOf(result, 'target 2 blocks')).toBeLessThan(scratch);
    expect(lossOf(result, 'stacking')).toBeLessThan(scratch);
    expect(lossOf(result, 'half width')).toBeGreaterThan(scratch);
  });
});

describe('a reference with weights that few steps do not reach', () => {
  const out = join(folder, 'continued');
  const growing = (reinitialise: string, rounds: number): Growing => ({
    ...{ reference: { model: join(fromRandom, 'reference') }, layers: 1, out },
    ...{ grow: { step: 1, rounds, reinitialise }, steps: 2, learningRate: 1e-6 },
  });

  test('continue: each round starts from the trained smaller model, up to the reference’s depth', async () => {
    const result = await grow(growing('continue', 9));
    expect(rows(result)).toEqual([
      ['reference', 3, 'pretrained', null],
      ['target 1 blocks', 1, 'inherited', 2],
      ['target 2 blocks', 2, 'continued', 2],
      ['target 3 blocks', 3, 'continued', 2],
    ]);
    expect(lossOf(result, 'target 2 blocks')).toBeGreaterThan(lossOf(result, 'reference'));
    expect(result.parity).toBe(lossOf(result, 'target 3 blocks') <= lossOf(result, 'reference'));
    const continued = await firstLoss(out, 'target-2-blocks');
    const finished = await readFile(join(out, 'target-1-blocks', 'train.jsonl'));

    // The same folder again from the reference each round: the first round is the same and is taken over.
    const again = await grow(growing('reference', 2));
    expect(rows(again).slice(1)).toEqual([
      ['target 1 blocks', 1, 'inherited', 2],
      ['target 2 blocks', 2, 'inherited', 2],
    ]);
    expect(await readFile(join(out, 'target-1-blocks', 'train.jsonl'))).toEqual(finished);
    expect(lossOf(again, 'target 1 blocks')).toBe(lossOf(result, 'target 1 blocks'));
    expect(await firstLoss(out, 'target-2-blocks')).not.toBe(continued);
  });
});

describe('what can be said before anything is trained', () => {
  test.each([
    ['more blocks than the reference has', {}, 4, [], 'layers is 4, but the model has 3 blocks'],
    ['a width that cannot be halved', { n_head: 1 }, 2, ['halfWidth'], 'n_head is 1 and cannot be halved'],
  ])('%s', async (_what, change, layers, baselines, words) => {
    const reference = { model: await architecture(change), initialise: 'random' };
    const out = join(folder, 'refused');
    const growing = { reference, layers, grow: { baselines }, steps: 2, learningRate: 1e-3, out };
    const { exitCode, errors } = await growCli(growing);
    expect(errors).toContain(words);
    expect(exitCode).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  test('more blocks than the reference has, in the other setting', async () => {
    const out = join(folder, 'run-refused');
    const sets = ['inherit.layers=9', 'train.epochs=1'];
    const { exitCode, errors } = await cli([
      'run',
      'recipes/mini-low-data.yml',
      '--out',
      out,
      '--set',
      ...sets,
    ]);
    expect(errors).toContain('layers is 9, but the model has 8 blocks');
    expect(exitCode).toBe(2);
    expect(existsSync(join(out, 'reference'))).toBe(false);
  });
});
