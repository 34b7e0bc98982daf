import { describe, expect, it } from 'vitest';
import { layersBeforeScoring } from './layer-selection.ts';
import { parseRecipe } from './load-recipe.ts';
import { RecipeError } from './recipe-error.ts';

const recipe = (layers: string): string => `reference: { model: x }\ninherit:\n  layers: ${layers}\n`;

function problems(layers: string): string[] {
  try {
    parseRecipe(recipe(layers), 'r.yml');
  } catch (error) {
    if (error instanceof RecipeError)
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
  return [];
}

describe('inherit.layers', () => {
  it('may be chosen by a score, with the defaults of the paper', () => {
    const { inherit } = parseRecipe(
      recipe('{ select: { by: attention-rank, keep: 6, text: corpus } }'),
      'r.yml',
    ).recipe;
    expect(inherit?.layers).toEqual({
      select: { by: 'attention-rank', keep: 6, text: 'corpus', windows: 100, windowLength: 100 },
    });
    expect(layersBeforeScoring(inherit!.layers)).toBe(6);
  });

  it.each([
    [
      '{ select: { by: rank, keep: 6, text: a } }',
      'r.yml:3:23: inherit.layers.select.by is "rank"; allowed: block-influence, attention-rank.',
    ],
    [
      '{ select: { by: attention-rnk, keep: 6, text: a } }',
      'r.yml:3:23: inherit.layers.select.by is "attention-rnk"; allowed: block-influence, attention-rank. Did you mean attention-rank?',
    ],
    [
      '{ select: { by: attention-rank, keep: 0, text: a } }',
      'r.yml:3:43: inherit.layers.select.keep is 0; allowed: whole number >= 1.',
    ],
    [
      '{ select: { by: attention-rank, keep: 6 } }',
      'r.yml:3:13: inherit.layers.select.text is missing; give it: text.',
    ],
    [
      '{ select: { by: attention-rank, keeep: 6, keep: 6, text: a } }',
      'r.yml:3:43: inherit.layers.select.keeep is not a field; did you mean keep?',
    ],
    [
      'all',
      'r.yml:3:3: inherit.layers is "all"; allowed: whole number >= 1 or list of (whole number >= 0) or section with select.',
    ],
  ])('refuses %s', (layers, message) => {
    expect(problems(layers)).toEqual([message]);
  });

  it('names the right field for a misspelt one', () => {
    expect(problems('{ selekt: 5 }')).toContain(
      'r.yml:3:13: inherit.layers.selekt is not a field; did you mean select?',
    );
  });

  it('is a number with grow', () => {
    const text = `${recipe('{ select: { by: attention-rank, keep: 6, text: a } }')}data: { tokens: a, validation: b }\ntrain: { steps: 1 }\ngrow: {}\n`;
    expect(() => parseRecipe(text, 'r.yml')).toThrow(
      'with grow, inherit.layers is the number of blocks of the first round; give a number.',
    );
  });
});
