/** What the name of a GGUF tensor says. */
export interface LlamaTensorName {
  readonly name: string;
  /** Rows of q and k are stored with rotary pairs interleaved. */
  readonly interleaved: 'query' | 'key' | undefined;
}

/** The Hugging Face name of a tensor of a LLaMA GGUF; undefined for one that is not part of the model as transformers has it. */
export function huggingFaceName(name: string): LlamaTensorName | undefined {
  const outer = OUTER_NAMES[name];
  if (outer !== undefined) return { name: outer, interleaved: undefined };
  const match = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
  const inner = match === null ? undefined : BLOCK_NAMES[match[2]!];
  if (match === null || inner === undefined) return undefined;
  const interleaved = match[2] === 'attn_q' ? 'query' : match[2] === 'attn_k' ? 'key' : undefined;
  return { name: `model.layers.${match[1]}.${inner}.${match[3]}`, interleaved };
}

/** Tensors that carry no weights: the rotary factors show up as `rope_scaling` in the config. */
export const IGNORED_TENSORS: ReadonlySet<string> = new Set(['rope_freqs.weight']);

/**
 * Undoes the row permutation of llama.cpp's converter: within each head GGUF stores rotary pairs side by side (x0 y0 x1 y1 …),
 * transformers all first halves, then all second ones. `values` is [rows, columns], a bias has one column.
 */
export function unpermuteRows(values: Float32Array, heads: number, rows: number): Float32Array {
  const columns = values.length / rows;
  const half = rows / heads / 2;
  const out = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; pair < half; pair++) {
      for (let side = 0; side < 2; side++) {
        const from = (head * half * 2 + pair * 2 + side) * columns;
        const to = (head * half * 2 + side * half + pair) * columns;
        out.set(values.subarray(from, from + columns), to);
      }
    }
  }
  return out;
}

const OUTER_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

const BLOCK_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
