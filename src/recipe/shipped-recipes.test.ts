import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { loadRecipe } from './load-recipe.ts';

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
