import { InheritError } from './errors.ts';

/** A model's config as parsed from `config.json`. */
export type Config = Readonly<Record<string, unknown>>;

/** What a tensor is in its model. */
export type TensorRole =
  | { readonly part: 'block'; readonly index: number; readonly rest: string }
  | { readonly part: 'tokenEmbedding' | 'positionEmbedding' | 'finalNorm' | 'head' }
  /** Masks and frequencies that old checkpoints saved although they follow from the config. */
  | { readonly part: 'buffer' };

/** How one family of models names its parts. */
export interface Family {
  readonly name: 'llama' | 'gpt2';
  /** The config field with the number of blocks. */
  readonly layerCountField: string;
  /** `tie_word_embeddings` where the config does not say (transformers' default). */
  readonly tiedByDefault: boolean;
  /** The role of a tensor; undefined for a name that the family does not have. */
  roleOf(name: string): TensorRole | undefined;
  /** The name of tensor `name` of a block after the block has become number `index`. */
  renumber(name: string, index: number): string;
}

/** `LlamaForCausalLM`. */
const LLAMA: Family = {
  name: 'llama',
  layerCountField: 'num_hidden_layers',
  tiedByDefault: false,
  roleOf(name) {
    if (name.endsWith('rotary_emb.inv_freq')) return { part: 'buffer' };
    const block = /^model\.layers\.(\d+)\.(.+)$/.exec(name);
    if (block !== null) return { part: 'block', index: Number(block[1]), rest: block[2]! };
    if (name === 'model.embed_tokens.weight') return { part: 'tokenEmbedding' };
    if (name === 'model.norm.weight') return { part: 'finalNorm' };
    return name === 'lm_head.weight' ? { part: 'head' } : undefined;
  },
  renumber: (name, index) => name.replace(/^(model\.layers\.)\d+/, `$1${index}`),
};

/** `GPT2LMHeadModel` (`transformer.h.0…`) and the published files of `GPT2Model` (`h.0…`). */
const GPT2: Family = {
  name: 'gpt2',
  layerCountField: 'n_layer',
  tiedByDefault: true,
  roleOf(name) {
    const block = /^(?:transformer\.)?h\.(\d+)\.(.+)$/.exec(name);
    if (block !== null) {
      const rest = block[2]!;
      if (rest === 'attn.bias' || rest === 'attn.masked_bias') return { part: 'buffer' };
      return { part: 'block', index: Number(block[1]), rest };
    }
    switch (name.replace(/^transformer\./, '')) {
      case 'wte.weight':
        return { part: 'tokenEmbedding' };
      case 'wpe.weight':
        return { part: 'positionEmbedding' };
      case 'ln_f.weight':
      case 'ln_f.bias':
        return { part: 'finalNorm' };
      case 'lm_head.weight':
        return { part: 'head' };
      default:
        return undefined;
    }
  },
  renumber: (name, index) => name.replace(/^((?:transformer\.)?h\.)\d+/, `$1${index}`),
};

/** The family that `config.model_type` names; others are refused by name. */
export function familyOf(config: Config): Family {
  const type = config['model_type'];
  const family = [LLAMA, GPT2].find(({ name }) => name === type);
  if (family !== undefined) return family;
  throw new InheritError(
    'unsupported',
    `config.json has model_type ${JSON.stringify(type ?? null)}; blocks can be taken from "llama" and "gpt2" models. Choose such a model.`,
  );
}

/** The number of blocks that the config states. */
export function layerCount(config: Config, family: Family): number {
  const count = config[family.layerCountField];
  if (typeof count === 'number' && Number.isInteger(count) && count > 0) return count;
  throw new InheritError(
    'bad-config',
    `config.json: ${family.layerCountField} is ${JSON.stringify(count ?? null)}, not a positive integer. Use the config.json of the weights.`,
  );
}

/** Whether head and token embedding are one matrix. */
export function isTied(config: Config, family: Family): boolean {
  const tied = config['tie_word_embeddings'];
  return typeof tied === 'boolean' ? tied : family.tiedByDefault;
}
