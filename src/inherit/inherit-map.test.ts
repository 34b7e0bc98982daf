import { describe, expect, it } from 'vitest';
import type { TensorSpec } from '../weights/checkpoint.ts';
import { inheritMap } from './inherit-map.ts';
import type { InheritChoice, InheritMap } from './inherit-map.ts';

const LLAMA = { model_type: 'llama', num_hidden_layers: 4, tie_word_embeddings: false, pad_token_id: 1 };
const GPT2 = { model_type: 'gpt2', n_layer: 4, tie_word_embeddings: true };

const LLAMA_NAMES = [
  'model.norm.weight',
  'lm_head.weight',
  ...[3, 2, 1, 0].flatMap((i) => [
    `model.layers.${i}.input_layernorm.weight`,
    `model.layers.${i}.self_attn.q_proj.weight`,
    `model.layers.${i}.self_attn.rotary_emb.inv_freq`,
  ]),
  'model.embed_tokens.weight',
];

function gpt2Names(prefix: string): string[] {
  return [
    `${prefix}wte.weight`,
    `${prefix}wpe.weight`,
    `${prefix}ln_f.weight`,
    `${prefix}ln_f.bias`,
    ...[0, 1, 2, 3].flatMap((i) =>
      ['ln_1.bias', 'attn.c_attn.bias', 'attn.bias', 'attn.masked_bias', 'mlp.c_proj.weight'].map(
        (rest) => `${prefix}h.${i}.${rest}`,
      ),
    ),
  ];
}

function tensors(names: readonly string[]): Map<string, TensorSpec> {
  return new Map(names.map((name) => [name, { name, dtype: 'BF16', shape: [2, 2] }]));
}

function map(
  config: InheritChoice['config'],
  names: readonly string[],
  more: Partial<InheritChoice>,
): InheritMap {
  return inheritMap({ config, tensors: tensors(names), layers: 2, ...more });
}

/** New name -> old name, or what it starts from. */
function origins(result: InheritMap): Record<string, string> {
  return Object.fromEntries(
    result.tensors.map(({ spec, from }) => [
      spec.name,
      from.kind === 'copy' ? from.name : `<${from.initialiser.kind}>`,
    ]),
  );
}

describe('inheritMap', () => {
  it('takes the first blocks of a LLaMA with embeddings, norm and head, in the order data meets them', () => {
    const result = map(LLAMA, LLAMA_NAMES, { layers: 2 });
    expect(result.tensors.map(({ spec }) => spec.name)).toEqual([
      'model.embed_tokens.weight',
      'model.layers.0.input_layernorm.weight',
      'model.layers.0.self_attn.q_proj.weight',
      'model.layers.1.input_layernorm.weight',
      'model.layers.1.self_attn.q_proj.weight',
      'model.norm.weight',
      'lm_head.weight',
    ]);
    expect(result.tensors.every(({ spec, from }) => from.kind === 'copy' && from.name === spec.name)).toBe(
      true,
    );
    expect(result.config).toEqual({ ...LLAMA, num_hidden_layers: 2 });
    expect(result.dropped).toHaveLength(4);
  });

  it('renumbers the blocks of a list in its order', () => {
    const result = map(LLAMA, LLAMA_NAMES, { layers: [3, 1] });
    expect(origins(result)).toMatchObject({
      'model.layers.0.self_attn.q_proj.weight': 'model.layers.3.self_attn.q_proj.weight',
      'model.layers.1.self_attn.q_proj.weight': 'model.layers.1.self_attn.q_proj.weight',
    });
    expect(result.layers).toEqual([3, 1]);
  });

  it.each(['', 'transformer.'])(
    'takes blocks of a GPT-2 named %sh.N and drops its mask buffers, but no bias',
    (prefix) => {
      const result = map(GPT2, gpt2Names(prefix), { layers: [2] });
      expect(origins(result)).toEqual({
        [`${prefix}wte.weight`]: `${prefix}wte.weight`,
        [`${prefix}wpe.weight`]: `${prefix}wpe.weight`,
        [`${prefix}h.0.ln_1.bias`]: `${prefix}h.2.ln_1.bias`,
        [`${prefix}h.0.attn.c_attn.bias`]: `${prefix}h.2.attn.c_attn.bias`,
        [`${prefix}h.0.mlp.c_proj.weight`]: `${prefix}h.2.mlp.c_proj.weight`,
        [`${prefix}ln_f.weight`]: `${prefix}ln_f.weight`,
        [`${prefix}ln_f.bias`]: `${prefix}ln_f.bias`,
      });
      expect(result.dropped).toHaveLength(8);
    },
  );

  it.each([
    [
      LLAMA,
      ['head'],
      {
        'model.embed_tokens.weight': '<normal>',
        'model.norm.weight': '<ones>',
        'lm_head.weight': 'lm_head.weight',
      },
    ],
    [
      LLAMA,
      ['embeddings', 'finalNorm'],
      { 'model.norm.weight': 'model.norm.weight', 'lm_head.weight': '<normal>' },
    ],
    [LLAMA, [], { 'model.embed_tokens.weight': '<normal>', 'lm_head.weight': '<normal>' }],
    // As the published GPT-2 script: the tied matrix comes with the head, positions stay random, the norm starts at one.
    [
      GPT2,
      ['head'],
      {
        'wte.weight': 'wte.weight',
        'wpe.weight': '<normal>',
        'ln_f.weight': '<ones>',
        'ln_f.bias': '<zeros>',
      },
    ],
    [
      GPT2,
      ['embeddings'],
      { 'wte.weight': 'wte.weight', 'wpe.weight': 'wpe.weight', 'ln_f.weight': '<ones>' },
    ],
    [GPT2, [], { 'wte.weight': '<normal>', 'wpe.weight': '<normal>' }],
  ] as const)('of %o carries only %j', (config, carry, expected) => {
    const names = config === GPT2 ? gpt2Names('') : LLAMA_NAMES;
    expect(origins(map(config, names, { carry }))).toMatchObject(expected);
  });

  it('drops the second copy of a tied head', () => {
    const result = map({ ...LLAMA, tie_word_embeddings: true }, LLAMA_NAMES, {});
    expect(result.dropped).toContain('lm_head.weight');
    expect(result.tensors.map(({ spec }) => spec.name)).not.toContain('lm_head.weight');
  });

  it.each([
    [0, 'layers is 0, but the model has 4 blocks'],
    [5, 'layers is 5, but the model has 4 blocks'],
    [1.5, 'layers is 1.5, but the model has 4 blocks'],
    [NaN, 'layers is NaN, but the model has 4 blocks'],
    [[], 'layers is an empty list'],
    [[0, 4], 'layers names block 4, but the model has the 4 blocks 0 to 3'],
    [[-1], 'layers names block -1'],
    [[0.5], 'layers names block 0.5'],
    [[2, 0, 2], 'layers names block 2 twice'],
  ])('refuses layers %j', (layers, sentence) => {
    expect(() => map(LLAMA, LLAMA_NAMES, { layers })).toThrow(sentence);
  });

  it.each([
    [{ ...LLAMA, model_type: 'mamba' }, LLAMA_NAMES, 'model_type "mamba"'],
    [
      { ...LLAMA, num_hidden_layers: 5 },
      LLAMA_NAMES,
      'states 5 blocks (num_hidden_layers), but there are no tensors of block 4',
    ],
    [
      { ...LLAMA, num_hidden_layers: 3 },
      LLAMA_NAMES,
      'states 3 blocks (num_hidden_layers), but there are tensors of 4',
    ],
    [{ ...LLAMA, num_hidden_layers: '4' }, LLAMA_NAMES, 'num_hidden_layers is "4", not a positive integer'],
    [
      LLAMA,
      [...LLAMA_NAMES, 'model.vision.weight'],
      'Tensor "model.vision.weight" is not a part of a llama model',
    ],
    [
      LLAMA,
      LLAMA_NAMES.filter((name) => name !== 'lm_head.weight'),
      'holds no head (lm_head.weight) and config.json says',
    ],
    [LLAMA, LLAMA_NAMES.filter((name) => name !== 'model.norm.weight'), 'holds no final norm'],
    [GPT2, gpt2Names('').filter((name) => name !== 'wpe.weight'), 'holds no position embedding'],
  ])('refuses a model whose parts do not fit', (config, names, sentence) => {
    expect(() => map(config, names, {})).toThrow(sentence);
  });

  it('refuses a part that is none', () => {
    expect(() => map(LLAMA, LLAMA_NAMES, { carry: ['norm' as 'head'] })).toThrow('carry names "norm"');
  });
});
