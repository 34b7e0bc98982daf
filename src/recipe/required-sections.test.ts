import { describe, expect, it } from 'vitest';
import { parseRecipe } from './load-recipe.ts';
import { requireSections } from './required-sections.ts';

const loaded = parseRecipe('reference: { model: m }\nevaluate: { tasks: [piqa] }\n', 'r.yml');

describe('requireSections', () => {
  it('gives the recipe with the sections known to be there', () => {
    expect(requireSections(loaded, 'evaluate', ['evaluate']).evaluate.tasks).toEqual(['piqa']);
  });

  it('names every section that is absent, and the command that needs it', () => {
    expect(() => requireSections(loaded, 'train', ['data', 'train', 'evaluate'])).toThrow(
      [
        'The recipe r.yml has 2 problems.',
        '  r.yml: the recipe has no section data, which `train` needs; add it.',
        '  r.yml: the recipe has no section train, which `train` needs; add it.',
      ].join('\n'),
    );
  });
});
