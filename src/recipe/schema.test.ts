import { describe, expect, it } from 'vitest';
import { recipeJsonSchema, recipeSchema, trainLength, type RecipeInput } from './schema.ts';

const contract: RecipeInput = {
  reference: { model: 'models/open_llama_3b' },
  inherit: { layers: 13 },
  data: { tokens: 'tokens.bin' },
  train: { steps: 1000 },
  evaluate: { tasks: ['nine', 'mmlu'], limit: 100 },
};

function train(fields: object) {
  return recipeSchema.parse({ ...contract, train: { steps: 1000, ...fields } }).train!;
}

function problems(recipe: unknown): string[] {
  return (
    recipeSchema
      .safeParse(recipe)
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  );
}

describe('recipeSchema', () => {
  it('fills in the defaults of the contract', () => {
    expect(train({})).toEqual({
      sequenceLength: 2048,
      microBatch: 1,
      accumulate: 8,
      steps: 1000,
      order: 'shuffled',
      seed: 1337,
      initialise: 'inherited',
      recompute: 'none',
      optimizer: {
        learningRate: 3e-4,
        minLearningRate: 3e-5,
        warmupSteps: 1000,
        schedule: 'cosine',
        weightDecay: 0.1,
        betas: [0.9, 0.95],
        epsilon: 1e-8,
        clipNorm: 1,
      },
      precision: 'bfloat16',
      checkpointEvery: 500,
      keepCheckpoints: 2,
      keepBest: true,
      onNonFinite: 'stop',
      validateEvery: 0,
      logEvery: 10,
    });
  });

  it('takes a recipe that only evaluates', () => {
    const recipe = recipeSchema.parse({ reference: { model: 'm' }, evaluate: { tasks: ['piqa'] } });
    expect(recipe.evaluate?.models).toEqual(['reference', 'inherited', 'trained']);
  });

  it('lowers the default end of the schedule to a peak below it', () => {
    expect(train({ optimizer: { learningRate: 1e-5 } }).optimizer.minLearningRate).toBe(1e-5);
  });

  it('refuses a written end of the schedule above the peak', () => {
    const optimizer = { learningRate: 1e-5, minLearningRate: 3e-5 };
    expect(problems({ ...contract, train: { steps: 1, optimizer } })).toEqual([
      'train.optimizer.minLearningRate: train.optimizer.minLearningRate is above learningRate; lower it, or raise learningRate.',
    ]);
  });

  it.each([null, 0])('reads clipNorm %s as no clipping', (clipNorm) => {
    expect(train({ optimizer: { clipNorm } }).optimizer.clipNorm).toBe(0);
  });

  it('allows a warm-up longer than the training', () => {
    expect(train({ steps: 10, optimizer: { warmupSteps: 1000 } }).optimizer.warmupSteps).toBe(1000);
  });

  it.each([
    [{ steps: 1, tokens: 1 }, 'train'],
    [{}, 'train'],
    [{ steps: 1.5 }, 'train.steps'],
    [{ steps: 0 }, 'train.steps'],
    [{ epochs: 0 }, 'train.epochs'],
    [{ steps: 1, optimizer: { betas: [0.9, 1] } }, 'train.optimizer.betas.1'],
    [{ steps: 1, seed: 2 ** 32 }, 'train.seed'],
    [{ steps: 1, validateEvery: 5 }, 'train.validateEvery'],
  ])('refuses train %j at %s', (fields, path) => {
    expect(problems({ ...contract, train: fields }).map((text) => text.split(':')[0])).toEqual([path]);
  });

  it.each([
    [{}, 'data'],
    [{ tokens: 'a.bin', sources: [{ path: 'b' }] }, 'data'],
    [{ sources: [] }, 'data.sources'],
    [{ tokens: 'a.bin', subsetTokens: 5 }, 'data.subsetTokens'],
    [{ tokens: 'a.bin', tokenizer: 't' }, 'data.tokenizer'],
    [{ tokens: 'a.bin', validationTokens: 5 }, 'data.validationTokens'],
    [{ sources: [{ path: 'b' }], validation: 'v.bin', validationTokens: 5 }, 'data.validationTokens'],
    [{ sources: [{ path: 'b', weight: 0 }] }, 'data.sources.0.weight'],
  ])('refuses data %j at %s', (data, path) => {
    expect(problems({ ...contract, data }).map((text) => text.split(':')[0])).toEqual([path]);
  });

  it.each(['inherit', 'data'])('refuses train without %s', (section) => {
    const rest = Object.fromEntries(Object.entries(contract).filter(([name]) => name !== section));
    expect(problems(rest)[0]).toMatch(new RegExp(`^train: train is given without ${section};`));
  });

  it.each([
    [{ train: { steps: 1, initialise: 'random' } }, 'grow'],
    [{ data: { tokens: 'a.bin' } }, 'grow'],
    [{ inherit: { layers: [0, 1] } }, 'inherit.layers'],
  ])('refuses grow with %j', (fields, path) => {
    const good = { ...contract, data: { tokens: 'a.bin', validation: 'b.bin' }, grow: {} };
    expect(recipeSchema.safeParse(good).success).toBe(true);
    expect(problems({ ...good, ...fields }).map((text) => text.split(':')[0])).toEqual([path]);
  });

  it('refuses a random reference that nothing trains', () => {
    const reference = { model: 'm', initialise: 'random' };
    expect(problems({ reference, evaluate: { tasks: ['piqa'] } })[0]).toMatch(/^reference.initialise: /);
  });

  it('refuses a block that is named twice', () => {
    expect(problems({ ...contract, inherit: { layers: [0, 2, 2] } })[0]).toMatch(/names a block twice/);
  });
});

describe('trainLength', () => {
  it.each([
    [{ steps: 10 }, { kind: 'steps', steps: 10 }],
    [
      { steps: undefined, tokens: 1e9 },
      { kind: 'tokens', tokens: 1e9 },
    ],
    [
      { steps: undefined, epochs: 0.5 },
      { kind: 'epochs', epochs: 0.5 },
    ],
  ])('of %j', (fields, expected) => {
    const given = Object.fromEntries(
      Object.entries({ ...fields }).filter(([, value]) => value !== undefined),
    );
    expect(trainLength(recipeSchema.parse({ ...contract, train: given }).train!)).toEqual(expected);
  });
});

describe('recipeJsonSchema', () => {
  const schema = recipeJsonSchema();

  it('asks for the reference only', () => {
    expect(schema.required).toEqual(['reference']);
  });

  it('refuses unknown fields in every section', () => {
    const open: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if (
        'properties' in node &&
        (!('additionalProperties' in node) || node.additionalProperties !== false)
      ) {
        open.push(path);
      }
      for (const [key, value] of Object.entries(node)) visit(value, `${path}/${key}`);
    };
    visit(schema, '');
    expect(open).toEqual([]);
  });
});
