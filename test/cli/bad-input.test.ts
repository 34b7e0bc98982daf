import { existsSync, mkdtempSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { modelFixture } from '../support/model-fixtures.ts';
import { inRepository } from '../support/repository.ts';

const root = mkdtempSync(join(tmpdir(), 'inheritune-bad-input-'));
let folder: string;
let out: string;
let cases = 0;

beforeEach(async () => {
  folder = join(root, String(cases++));
  out = join(folder, 'out');
  await mkdir(folder);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The command failed as a person's mistake: exit code 2, these words, at most three sentences, no stack, no output. */
async function expectRefusal(argv: readonly string[], ...words: readonly string[]): Promise<void> {
  const before = await readdir(folder);
  const { exitCode, errors } = await cli(argv);
  expect(errors).not.toContain('at file:');
  for (const word of words) expect(errors).toContain(word);
  expect(exitCode, errors).toBe(2);
  expect(existsSync(out)).toBe(false);
  expect(await readdir(folder)).toEqual(before);
}

async function copiedModel(name: string): Promise<string> {
  const model = join(folder, 'model');
  await cp(modelFixture(name), model, { recursive: true });
  return model;
}

/** Rewrites the header of a safetensors file, whose data stays as it is. */
async function editHeader(
  file: string,
  edit: (header: Record<string, { data_offsets: number[] }>) => void,
): Promise<void> {
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { data_offsets: number[] }
  >;
  edit(header);
  const text = Buffer.from(JSON.stringify(header).padEnd(length));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([prefix, text, bytes.subarray(8 + length)]));
}

const inherit = (model: string, layers = '1'): string[] => [
  'inherit',
  '--model',
  model,
  '--layers',
  layers,
  '--out',
  out,
];

describe('weights', () => {
  test('a safetensors file that is cut off', async () => {
    const model = await copiedModel('llama-tied');
    const file = join(model, 'model.safetensors');
    await writeFile(file, (await readFile(file)).subarray(0, -100));
    await expectRefusal(inherit(model), 'model.safetensors', 'cut off');
  });

  test('tensors whose data overlaps', async () => {
    const model = await copiedModel('llama-tied');
    await editHeader(join(model, 'model.safetensors'), (header) => {
      const [, second] = Object.values(header).filter((entry) => Array.isArray(entry.data_offsets));
      second!.data_offsets[0]! -= 4;
    });
    await expectRefusal(inherit(model), 'model.safetensors');
  });

  test('a header of 2^40 bytes', async () => {
    const model = await copiedModel('llama-tied');
    const file = join(model, 'model.safetensors');
    const bytes = await readFile(file);
    bytes.writeBigUInt64LE(2n ** 40n);
    await writeFile(file, bytes);
    await expectRefusal(inherit(model), 'model.safetensors', '1099511627776');
  });

  test('a shard that is missing', async () => {
    const model = await copiedModel('llama-bf16-sharded');
    await rm(join(model, 'model-00002-of-00003.safetensors'));
    await expectRefusal(inherit(model), 'model-00002-of-00003.safetensors');
  });

  test('a config that does not fit the weights', async () => {
    const model = await copiedModel('llama-tied');
    const file = join(model, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...config, intermediate_size: 96 }));
    await expectRefusal(inherit(model), 'mlp.gate_proj.weight', '[88, 32]', '[96, 32]');
  });

  test.each([
    ['4', '4', '3'],
    ['0', '0'],
    ['1.5', '1.5'],
    ['0,7', '7'],
  ])('layers %s of a model with three blocks', async (layers, ...words) => {
    await expectRefusal(inherit(modelFixture('llama-tied'), layers), ...words);
  });
});

describe('recipes and data', () => {
  const recipe = async (fields: string): Promise<string> => {
    const file = join(folder, 'recipe.yml');
    await writeFile(
      file,
      `reference: { model: ${modelFixture('small-run')} }\ninherit: { layers: 2 }\n${fields}\n`,
    );
    return file;
  };
  const train = 'train: { sequenceLength: 8, accumulate: 1, steps: 1, precision: float32 }';
  const trainCommand = (file: string): string[] => ['train', file, '--out', out];

  test('an empty corpus', async () => {
    await writeFile(join(folder, 'empty.txt'), '');
    const file = await recipe(`data: { sources: [{ path: ${join(folder, 'empty.txt')} }] }\n${train}`);
    await expectRefusal(trainCommand(file), 'empty.txt');
  });

  test('a token id beyond the vocabulary', async () => {
    const tokens = new Uint16Array(64).fill(3);
    tokens[5] = 60_000;
    await writeFile(join(folder, 'tokens.bin'), tokens);
    const file = await recipe(
      `data: { tokens: ${join(folder, 'tokens.bin')} }\n${train.replace('steps: 1', 'steps: 20')}`,
    );
    const { exitCode, errors } = await cli(trainCommand(file));
    expect(exitCode, errors).toBe(2);
    expect(errors).toContain('tokens.bin');
    expect(errors).toContain('60000');
    expect(existsSync(join(out, 'config.json'))).toBe(false);
  });

  test('a misspelt field', async () => {
    const file = await recipe(`data: { tokens: x.bin }\n${train.replace('accumulate', 'acumulate')}`);
    await expectRefusal(trainCommand(file), 'recipe.yml', 'acumulate', 'accumulate');
  });
});

describe('evaluation', () => {
  const evaluate = (data: string, tasks = 'wnli'): string[] => [
    ...['evaluate', '--model', modelFixture('small-run'), '--data', data, '--tasks', tasks],
    ...['--out', join(out, 'results.json')],
  ];
  const rows = async (...lines: unknown[]): Promise<string> => {
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    await writeFile(join(folder, 'wnli.jsonl'), `${text}\n`);
    return folder;
  };
  const good = { sentence1: 'A dog sleeps.', sentence2: 'A dog rests.', label: 1, idx: 0 };

  test('an unknown task', async () => {
    await expectRefusal(evaluate(inRepository('data/eval'), 'piqaa'), 'piqaa', 'piqa');
  });

  test('a line that is not JSON', async () => {
    await expectRefusal(evaluate(await rows(good, '{"sentence1": "A')), 'wnli.jsonl', '2');
  });

  test('a column that is missing', async () => {
    await expectRefusal(evaluate(await rows(good, { sentence1: 'x', label: 0 })), 'wnli.jsonl', 'sentence2');
  });

  test('a label out of range', async () => {
    await expectRefusal(evaluate(await rows({ ...good, label: 7 })), 'wnli.jsonl', 'label', '7');
  });

  test.skipIf(process.getuid?.() === 0)('an output folder that cannot be written', async () => {
    const locked = join(folder, 'locked');
    await mkdir(locked);
    await chmod(locked, 0o555);
    const { exitCode, errors } = await cli([
      'inherit',
      '--model',
      modelFixture('llama-tied'),
      '--layers',
      '1',
      '--out',
      join(locked, 'x'),
    ]);
    expect(exitCode).toBeGreaterThan(0);
    expect(errors).toContain('locked');
  });

  test('an output path below a file', async () => {
    await writeFile(join(folder, 'file'), '');
    const below = join(folder, 'file', 'out');
    const { exitCode, errors } = await cli([
      'inherit',
      '--model',
      modelFixture('llama-tied'),
      '--layers',
      '1',
      '--out',
      below,
    ]);
    expect(exitCode, errors).toBe(2);
    expect(errors).toContain(join(folder, 'file'));
  });
});

describe('the command line', () => {
  test.each([
    [['nonsense']],
    [['inherit']],
    [['train']],
    [['--device', 'tpu', 'doctor']],
    [['evaluate', '--limit', 'x']],
  ])('%j is wrong usage', async (argv) => {
    const { exitCode, errors } = await cli(argv);
    expect(exitCode).toBe(2);
    expect(errors).not.toBe('');
  });
});
