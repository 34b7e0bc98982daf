import { WeightsError } from '../errors.ts';
import type { GgufHeader } from './gguf-header.ts';
import { optionalNumber, optionalNumbers, optionalString, requiredNumber } from './gguf-metadata.ts';
import type { GgufMetadata } from './gguf-metadata.ts';

/**
 * The `config.json` of the model in a GGUF file, as transformers' `LlamaConfig` has it. Only the LLaMA architecture, dense and with full
 * rotary embeddings, is known; others are refused by name. Rotary scaling comes back as `rope_scaling` for the model to judge.
 */
export function llamaConfig(header: GgufHeader, file: string): Readonly<Record<string, unknown>> {
  const metadata: GgufMetadata = { file, values: header.metadata };
  checkArchitecture(metadata);

  const hidden = requiredNumber(metadata, 'llama.embedding_length');
  const heads = uniform(metadata, 'llama.attention.head_count');
  if (heads === undefined) throw unsupported(file, 'it has no llama.attention.head_count');
  const headSize = optionalNumber(metadata, 'llama.attention.key_length') ?? hidden / heads;
  const rotarySize = optionalNumber(metadata, 'llama.rope.dimension_count') ?? headSize;
  const valueSize = optionalNumber(metadata, 'llama.attention.value_length') ?? headSize;
  if (rotarySize !== headSize) {
    throw unsupported(file, `its rotary embedding covers ${rotarySize} of ${headSize} head dimensions`);
  }
  if (valueSize !== headSize)
    throw unsupported(file, `its value heads (${valueSize}) differ from its key heads (${headSize})`);
  const embedding = header.tensors.get('token_embd.weight');
  if (embedding === undefined) throw unsupported(file, 'it has no token_embd.weight');

  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    attention_bias: header.tensors.has('blk.0.attn_q.bias'),
    attention_dropout: 0,
    bos_token_id: optionalNumber(metadata, 'tokenizer.ggml.bos_token_id') ?? null,
    eos_token_id: optionalNumber(metadata, 'tokenizer.ggml.eos_token_id') ?? null,
    head_dim: headSize,
    hidden_act: 'silu',
    hidden_size: hidden,
    initializer_range: 0.02,
    intermediate_size:
      uniform(metadata, 'llama.feed_forward_length') ?? requiredNumber(metadata, 'llama.feed_forward_length'),
    max_position_embeddings: requiredNumber(metadata, 'llama.context_length'),
    mlp_bias: header.tensors.has('blk.0.ffn_down.bias'),
    num_attention_heads: heads,
    num_hidden_layers: requiredNumber(metadata, 'llama.block_count'),
    num_key_value_heads: uniform(metadata, 'llama.attention.head_count_kv') ?? heads,
    rms_norm_eps: requiredNumber(metadata, 'llama.attention.layer_norm_rms_epsilon'),
    rope_scaling: ropeScaling(metadata, header),
    rope_theta: optionalNumber(metadata, 'llama.rope.freq_base') ?? 10000,
    tie_word_embeddings: !header.tensors.has('output.weight'),
    torch_dtype: 'float32',
    use_cache: true,
    vocab_size: embedding.shape[0],
  };
}

function checkArchitecture(metadata: GgufMetadata): void {
  const architecture = optionalString(metadata, 'general.architecture');
  if (architecture !== 'llama') {
    throw unsupported(
      metadata.file,
      `its architecture is ${JSON.stringify(architecture ?? 'not stated')}, only "llama" can be read`,
    );
  }
  const parts = optionalNumber(metadata, 'split.count') ?? 1;
  if (parts > 1)
    throw unsupported(metadata.file, `it is one of ${parts} parts; join them with llama-gguf-split --merge`);
  const experts = optionalNumber(metadata, 'llama.expert_count') ?? 0;
  if (experts > 0) throw unsupported(metadata.file, `it is a mixture of ${experts} experts`);
}

/** Newer files may give one number per block; blocks that differ are not a LLaMA. */
function uniform(metadata: GgufMetadata, key: string): number | undefined {
  if (!Array.isArray(metadata.values.get(key))) return optionalNumber(metadata, key);
  const values = optionalNumbers(metadata, key) ?? [];
  if (values.some((value) => value !== values[0]))
    throw unsupported(metadata.file, `${key} differs from block to block`);
  return values[0];
}

function ropeScaling(metadata: GgufMetadata, header: GgufHeader): Readonly<Record<string, unknown>> | null {
  // LLaMA 3.1 and later: the factors are baked into a tensor, their four parameters are gone.
  if (header.tensors.has('rope_freqs.weight')) return { rope_type: 'llama3' };
  const fields: Record<string, unknown> = {};
  const prefix = 'llama.rope.scaling.';
  for (const [key, value] of metadata.values) {
    if (key.startsWith(prefix))
      fields[SCALING_NAMES[key.slice(prefix.length)] ?? key.slice(prefix.length)] = value;
  }
  const legacy = optionalNumber(metadata, 'llama.rope.scale_linear');
  if (legacy !== undefined) Object.assign(fields, { rope_type: 'linear', factor: legacy });
  const type = fields['rope_type'] ?? (fields['factor'] === undefined ? 'none' : 'linear');
  const neutral = type === 'none' || (type === 'linear' && (fields['factor'] ?? 1) === 1);
  return neutral ? null : { ...fields, rope_type: type };
}

const SCALING_NAMES: Readonly<Record<string, string>> = {
  type: 'rope_type',
  original_context_length: 'original_max_position_embeddings',
  attn_factor: 'attention_factor',
};

function unsupported(file: string, what: string): WeightsError {
  return new WeightsError('unsupported', `${file} cannot be used: ${what}. Take a dense LLaMA-family model.`);
}
