import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../errors.ts';
import { loadRecipe, parseRecipe } from './load-recipe.ts';
import { RecipeError } from './recipe-error.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const GOOD = `reference: { model: x }
inherit:
  layers: 13
data: { tokens: a.bin }
train:
  tokens: 1e9
`;

function failure(text: string, overrides: readonly string[] = []): RecipeError {
  try {
    parseRecipe(text, 'r.yml', overrides);
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error('the recipe was accepted');
}

describe('parseRecipe', () => {
  it('takes YAML 1e9 as a whole number', () => {
    expect(parseRecipe(GOOD, 'r.yml').recipe.train?.tokens).toBe(1_000_000_000);
  });

  it('takes JSON', () => {
    expect(parseRecipe('{"reference": {"model": "m"}}', 'r.json').recipe.reference.model).toBe('m');
  });

  it.each([
    ['runs/my recipe (2).yml', 'my-recipe-2-'],
    ['.yml', 'yml'],
    ['nightly.yaml', 'nightly'],
  ])('names the recipe of %s %s', (file, name) => {
    expect(parseRecipe(GOOD, file).recipe.name).toBe(name);
  });

  it.each([
    [
      '  optimizer: { learningrate: 1 }',
      'r.yml:7:16: train.optimizer.learningrate is not a field; did you mean learningRate?',
    ],
    [
      '  learning_rate: 1',
      'r.yml:7:3: train.learning_rate is not a field; did you mean train.optimizer.learningRate?',
    ],
    ['  microBatch: two', 'r.yml:7:3: train.microBatch is "two"; allowed: whole number >= 1.'],
    ['  microBatch: 1.5', 'r.yml:7:3: train.microBatch is 1.5; allowed: whole number >= 1.'],
    [
      '  microBatch:',
      'r.yml:7:3: train.microBatch is empty; give it a value (whole number >= 1) or remove it.',
    ],
    [
      '  precision: bfloat',
      'r.yml:7:3: train.precision is "bfloat"; allowed: bfloat16, float32. Did you mean bfloat16?',
    ],
    [
      '  optimizer: { betas: [0.9] }',
      'r.yml:7:16: train.optimizer.betas is [0.9]; allowed: list of 2 (number >= 0 and < 1).',
    ],
    [
      '  optimizer: { epsilon: .inf }',
      'r.yml:7:16: train.optimizer.epsilon is Infinity; allowed: number > 0.',
    ],
    ['  seed: 1_000', 'r.yml:7:3: train.seed is "1_000"; allowed: whole number >= 0 and <= 4294967295.'],
    [
      'evaluate: { tasks: [piqua] }',
      /^r\.yml:7:21: evaluate\.tasks\[0\] is "piqua"; allowed: .*mmlu_<subject>\. Did you mean piqa\?$/,
    ],
    ['evaluate: { limit: 1 }', /^r\.yml:7:1: evaluate\.tasks is missing; give it: list of /],
    [
      'name: 2024',
      'r.yml:7:1: name is 2024; allowed: letters, digits, dots, dashes, underscores (put quotes around it).',
    ],
    [
      'colour: red',
      'r.yml:7:1: colour is not a field; the fields of a recipe are name, device, reference, inherit, data, train, grow, evaluate.',
    ],
    ['__proto__: { device: cpu }', /^r\.yml:7:1: __proto__ is not a field/],
  ])('refuses %s', (line, message) => {
    const error = failure(`${GOOD}${line}\n`);
    expect(error.message).toMatch(message instanceof RegExp ? message : exactly(message));
  });

  it('lists all problems at once, each in its place', () => {
    const error = failure(
      'reference: { model: 3 }\ninherit: { layers: 0, carry: [heads] }\ndata: { tokens: a.bin }\ntrain: { stepz: 1 }\n',
    );
    expect(error.problems).toEqual([
      { where: 'r.yml:1:14', message: 'reference.model is 3; allowed: text (put quotes around it).' },
      {
        where: 'r.yml:2:12',
        message:
          'inherit.layers is 0; allowed: whole number >= 1 or list of (whole number >= 0) or section with select.',
      },
      {
        where: 'r.yml:2:31',
        message: 'inherit.carry[0] is "heads"; allowed: embeddings, finalNorm, head. Did you mean head?',
      },
      { where: 'r.yml:4:10', message: 'train.stepz is not a field; did you mean steps?' },
      {
        where: 'r.yml:4:1',
        message:
          'train needs exactly one of steps, tokens and epochs; keep the one that says how long to train.',
      },
    ]);
    expect(error.message).toMatch(/^The recipe r\.yml has 5 problems\.\n {2}r\.yml:1:14: /);
  });

  it('is a usage error', () => {
    expect(failure(`${GOOD}colour: red`)).toMatchObject({ code: 'invalid', exitCode: EXIT.usage });
  });

  it('names the override that caused a problem', () => {
    expect(failure(GOOD, ['train.seed=-1']).message).toBe(
      '--set train.seed=-1: train.seed is -1; allowed: whole number >= 0 and <= 4294967295.',
    );
  });

  it('tells later stages where a field stands', () => {
    const loaded = parseRecipe(GOOD, 'r.yml', ['train.seed=1']);
    expect([loaded.locate(['inherit', 'layers']), loaded.locate(['train', 'seed'])]).toEqual([
      'r.yml:3:3',
      '--set train.seed=1',
    ]);
  });
});

describe('loadRecipe', () => {
  it('names a file that does not exist', async () => {
    const missing = loadRecipe('no/such.yml');
    await expect(missing).rejects.toThrow('no/such.yml: no such recipe file; check the path.');
    await expect(missing).rejects.toMatchObject({ code: 'unreadable', exitCode: EXIT.usage });
  });

  it('tells a folder from a file', async () => {
    await expect(loadRecipe(ROOT)).rejects.toThrow('this is a folder; name the recipe file in it.');
  });

  it('reads through the reader it is given', async () => {
    const { recipe } = await loadRecipe('r.yml', { readFile: () => Promise.resolve(GOOD) });
    expect(recipe.inherit?.layers).toBe(13);
  });

  it('accepts every recipe of the repository', async () => {
    const files = (await readdir(`${ROOT}recipes`)).filter((file) => file.endsWith('.yml'));
    expect(files).toContain('quickstart.yml');
    for (const file of files) await loadRecipe(`${ROOT}recipes/${file}`);
  });

  it('accepts the example in docs/recipe.md', async () => {
    const page = await readFile(`${ROOT}docs/recipe.md`, 'utf8');
    const [, example] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    expect(parseRecipe(example ?? '', 'docs/recipe.md').recipe.train?.epochs).toBe(8);
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}
