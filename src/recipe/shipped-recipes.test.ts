import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { loadRecipe } from './load-recipe.ts';
import type { Recipe } from './schema.ts';

const names = (await readdir(inRepository('recipes'))).filter((name) => name.endsWith('.yml'));

test.each(names)('recipes/%s is a recipe', async (name) => {
  const { recipe } = await loadRecipe(inRepository(`recipes/${name}`));
  expect(recipe.name).toBe(name.replace(/\.yml$/, ''));
});

test.each(names)('recipes/%s names hub datasets by their commit', async (name) => {
  const { recipe } = await loadRecipe(inRepository(`recipes/${name}`));
  const hub = (recipe.data?.sources ?? []).filter(({ path }) => path.startsWith('hub:'));
  for (const { path } of hub) expect(path).toMatch(/^hub:[\w.-]+\/[\w.-]+@[0-9a-f]{40}(:|$)/);
});

test('the paper recipe trains 7,630 steps of 131,072 tokens', async () => {
  const { recipe } = await loadRecipe(inRepository('recipes/openllama-3b-1b-tokens.yml'));
  const { sequenceLength, microBatch, accumulate, tokens } = recipe.train!;
  const perStep = sequenceLength * microBatch * accumulate;
  expect([perStep, Math.ceil(tokens! / perStep)]).toEqual([131_072, 7630]);
});

/** Tokens in an optimizer step. */
function tokensOf({ sequenceLength, microBatch, accumulate }: NonNullable<Recipe['train']>): number {
  return sequenceLength * microBatch * accumulate;
}

const shipped = async (name: string): Promise<Recipe> =>
  (await loadRecipe(inRepository(`recipes/${name}.yml`))).recipe;

test('the low-data recipes have the numbers of version 1, tables 1 and 8, and LLaMA’s proportions', async () => {
  const once = await shipped('openllama-3b-1b-tokens');
  expect(once).toMatchObject({
    ...{ reference: { model: 'openlm-research/open_llama_3b' }, inherit: { layers: 13 } },
    data: { subsetTokens: 1e9 },
    train: {
      optimizer: { learningRate: 3e-4, warmupSteps: 1000, schedule: 'cosine', weightDecay: 0.1 },
      tokens: 1e9,
    },
    evaluate: { tasks: ['nine', 'mmlu'] },
  });
  const shares = Object.fromEntries(
    once.data!.sources!.map(({ path, weight }) => [/:([a-z0-9]+)_.*sample\.jsonl$/.exec(path)![1], weight]),
  );
  expect(shares).toEqual({
    ...{ cc: 67, c4: 15, github: 4.5, wikipedia: 4.5, book: 4.5, arxiv: 2.5, stackexchange: 2 },
  });
  const eight = await shipped('openllama-3b-8-epochs');
  const { tokens, ...train } = once.train!;
  expect(tokens).toBe(1e9);
  expect(eight).toEqual({ ...once, name: eight.name, train: { ...train, epochs: 8 } });
});

test('the published code’s recipe has the numbers of its script', async () => {
  const { inherit, train } = await shipped('openllama-3b-published-code');
  expect(inherit).toMatchObject({ layers: 13, carry: ['head'] });
  expect(train).toMatchObject({
    optimizer: {
      ...{ learningRate: 3e-4, warmupSteps: 1000, schedule: 'constant', weightDecay: 0.01 },
      ...{ betas: [0.9, 0.999], clipNorm: 0 },
    },
    steps: 23_875,
  });
  // 191,000 micro-batches of 2,048 tokens.
  expect(23_875 * tokensOf(train!)).toBe(191_000 * 2048);
});

test.each([
  ['gpt2-medium-openwebtext', 12, 393_216, 3e-4],
  ['gpt2-large-openwebtext', 18, 131_072, 2e-4],
])('recipes/%s has the numbers of version 4, appendix F', async (name, layers, tokens, learningRate) => {
  const { inherit, grow, train } = await shipped(name);
  expect([inherit!.layers, tokensOf(train!)]).toEqual([layers, tokens]);
  expect(grow).toMatchObject({ step: 2, reinitialise: 'reference' });
  expect([...grow!.baselines].sort()).toEqual(['halfWidth', 'scratch', 'stacking']);
  expect(train).toMatchObject({
    optimizer: {
      ...{ learningRate, minLearningRate: 1e-5, warmupSteps: 2000, schedule: 'cosine' },
      ...{ weightDecay: 0.1, betas: [0.9, 0.95], clipNorm: 1 },
    },
    steps: 100_000,
  });
});
