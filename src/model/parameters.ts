import type { Gpt2Config, LlamaConfig, ModelConfig } from './config.ts';

/** A parameter by its name in a Hugging Face checkpoint saved from the causal model class. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** All parameters in the order data meets them. A tied head has none of its own. */
export function parametersOf(config: ModelConfig): ParameterSpec[] {
  return config.family === 'llama' ? llamaParameters(config) : gpt2Parameters(config);
}

/** Number of weights, a tied head counted once. */
export function parameterCount(config: ModelConfig): number {
  return parametersOf(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

export const EMBEDDING = { llama: 'model.embed_tokens.weight', gpt2: 'transformer.wte.weight' } as const;
export const HEAD = 'lm_head.weight';

/** Names in `LlamaForCausalLM`; matrices are [out, in]. */
function llamaParameters(c: LlamaConfig): ParameterSpec[] {
  const block = (i: number): ParameterSpec[] => {
    const p = `model.layers.${i}.`;
    return [
      { name: `${p}input_layernorm.weight`, shape: [c.hidden] },
      { name: `${p}self_attn.q_proj.weight`, shape: [c.heads * c.headSize, c.hidden] },
      { name: `${p}self_attn.k_proj.weight`, shape: [c.keyValueHeads * c.headSize, c.hidden] },
      { name: `${p}self_attn.v_proj.weight`, shape: [c.keyValueHeads * c.headSize, c.hidden] },
      { name: `${p}self_attn.o_proj.weight`, shape: [c.hidden, c.heads * c.headSize] },
      { name: `${p}post_attention_layernorm.weight`, shape: [c.hidden] },
      { name: `${p}mlp.gate_proj.weight`, shape: [c.feedForward, c.hidden] },
      { name: `${p}mlp.up_proj.weight`, shape: [c.feedForward, c.hidden] },
      { name: `${p}mlp.down_proj.weight`, shape: [c.hidden, c.feedForward] },
    ];
  };
  return [
    { name: EMBEDDING.llama, shape: [c.vocabulary, c.hidden] },
    ...Array.from({ length: c.layers }, (_, i) => block(i)).flat(),
    { name: 'model.norm.weight', shape: [c.hidden] },
    ...headParameter(c),
  ];
}

/** Names in `GPT2LMHeadModel`; Conv1D matrices are [in, out]. */
function gpt2Parameters(c: Gpt2Config): ParameterSpec[] {
  const block = (i: number): ParameterSpec[] => {
    const p = `transformer.h.${i}.`;
    return [
      { name: `${p}ln_1.weight`, shape: [c.hidden] },
      { name: `${p}ln_1.bias`, shape: [c.hidden] },
      { name: `${p}attn.c_attn.weight`, shape: [c.hidden, 3 * c.hidden] },
      { name: `${p}attn.c_attn.bias`, shape: [3 * c.hidden] },
      { name: `${p}attn.c_proj.weight`, shape: [c.hidden, c.hidden] },
      { name: `${p}attn.c_proj.bias`, shape: [c.hidden] },
      { name: `${p}ln_2.weight`, shape: [c.hidden] },
      { name: `${p}ln_2.bias`, shape: [c.hidden] },
      { name: `${p}mlp.c_fc.weight`, shape: [c.hidden, c.feedForward] },
      { name: `${p}mlp.c_fc.bias`, shape: [c.feedForward] },
      { name: `${p}mlp.c_proj.weight`, shape: [c.feedForward, c.hidden] },
      { name: `${p}mlp.c_proj.bias`, shape: [c.hidden] },
    ];
  };
  return [
    { name: EMBEDDING.gpt2, shape: [c.vocabulary, c.hidden] },
    { name: 'transformer.wpe.weight', shape: [c.maxPositions, c.hidden] },
    ...Array.from({ length: c.layers }, (_, i) => block(i)).flat(),
    { name: 'transformer.ln_f.weight', shape: [c.hidden] },
    { name: 'transformer.ln_f.bias', shape: [c.hidden] },
    ...headParameter(c),
  ];
}

function headParameter(c: ModelConfig): ParameterSpec[] {
  return c.tiedHead ? [] : [{ name: HEAD, shape: [c.vocabulary, c.hidden] }];
}
