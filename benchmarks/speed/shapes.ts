/** A model size and a batch that training speed is measured at. */
export interface BenchShape {
  readonly name: string;
  readonly batch: number;
  readonly length: number;
  /** A Hugging Face config; weights are random. */
  readonly config: Readonly<Record<string, unknown>>;
}

export const SHAPES: readonly BenchShape[] = [
  {
    name: 'LLaMA 15 × 576, vocabulary 49152',
    batch: 1,
    length: 512,
    config: llama({
      layers: 15,
      hidden: 576,
      heads: 9,
      keyValueHeads: 3,
      feedForward: 1536,
      vocabulary: 49152,
      tied: true,
    }),
  },
  {
    name: 'GPT-2 12 × 384, vocabulary 50304',
    batch: 4,
    length: 256,
    config: {
      ...{
        model_type: 'gpt2',
        architectures: ['GPT2LMHeadModel'],
        n_layer: 12,
        n_embd: 384,
        n_head: 6,
        vocab_size: 50304,
      },
      ...{ n_positions: 1024, resid_pdrop: 0, embd_pdrop: 0, attn_pdrop: 0, activation_function: 'gelu_new' },
    },
  },
  {
    name: 'LLaMA 4 × 1600, vocabulary 32000',
    batch: 1,
    length: 256,
    config: llama({
      layers: 4,
      hidden: 1600,
      heads: 25,
      keyValueHeads: 25,
      feedForward: 4320,
      vocabulary: 32000,
      tied: false,
    }),
  },
];

function llama(size: {
  layers: number;
  hidden: number;
  heads: number;
  keyValueHeads: number;
  feedForward: number;
  vocabulary: number;
  tied: boolean;
}): Record<string, unknown> {
  return {
    ...{
      model_type: 'llama',
      architectures: ['LlamaForCausalLM'],
      hidden_act: 'silu',
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
    },
    num_hidden_layers: size.layers,
    hidden_size: size.hidden,
    num_attention_heads: size.heads,
    num_key_value_heads: size.keyValueHeads,
    intermediate_size: size.feedForward,
    vocab_size: size.vocabulary,
    max_position_embeddings: 2048,
    tie_word_embeddings: size.tied,
  };
}
