import { createHash } from 'node:crypto';
import type { Config, Family, TensorRole } from './family.ts';

/** How a tensor that is not copied gets its values. */
export type Initialiser =
  | { readonly kind: 'ones' }
  | { readonly kind: 'zeros' }
  /** Normal with mean 0; `zeroRow` is a row set to zero afterwards. */
  | { readonly kind: 'normal'; readonly std: number; readonly zeroRow?: number };

/**
 * The initialiser that transformers gives a tensor (`_init_weights` of `PreTrainedModel`, `GPT2PreTrainedModel`): norms one and zero,
 * biases zero, matrices and embeddings normal with `initializer_range`, the two projections of GPT-2 onto the residual stream
 * narrower by sqrt(2 x blocks), the row of LLaMA's padding token zero.
 */
export function initialiserOf(
  name: string,
  role: TensorRole,
  config: Config,
  family: Family,
  blocks: number,
): Initialiser {
  const std = numberOr(config['initializer_range'], 0.02);
  if (name.endsWith('.bias')) return { kind: 'zeros' };
  if (role.part === 'finalNorm' || (role.part === 'block' && isNorm(role.rest))) return { kind: 'ones' };
  if (family.name === 'gpt2' && role.part === 'block' && role.rest.endsWith('c_proj.weight')) {
    return { kind: 'normal', std: std / Math.sqrt(2 * blocks) };
  }
  const padding = config['pad_token_id'];
  if (
    family.name === 'llama' &&
    role.part === 'tokenEmbedding' &&
    typeof padding === 'number' &&
    padding >= 0
  ) {
    return { kind: 'normal', std, zeroRow: padding };
  }
  return { kind: 'normal', std };
}

/**
 * The values of a tensor, row-major. The stream of random numbers depends on `seed` and the tensor's name alone, so the result is the same
 * whatever else is initialised, in any order, on any machine.
 */
export function initialValues(
  name: string,
  shape: readonly number[],
  initialiser: Initialiser,
  seed: number,
): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  switch (initialiser.kind) {
    case 'zeros':
      return values;
    case 'ones':
      return values.fill(1);
    case 'normal': {
      fillNormal(values, initialiser.std, `${seed}\0${name}`);
      const { zeroRow } = initialiser;
      if (zeroRow !== undefined && zeroRow < (shape[0] ?? 0)) {
        const width = values.length / shape[0]!;
        values.fill(0, zeroRow * width, (zeroRow + 1) * width);
      }
      return values;
    }
  }
}

function isNorm(rest: string): boolean {
  return /^(input_layernorm|post_attention_layernorm|ln_1|ln_2)\.weight$/.test(rest);
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

/** Box-Muller over xoshiro128** (Blackman and Vigna, public domain), its state the sha256 of `key`. */
function fillNormal(values: Float32Array, std: number, key: string): void {
  const digest = createHash('sha256').update(key).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let d = digest.readUInt32LE(12);
  const next = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  for (let i = 0; i < values.length; i += 2) {
    // (0, 1]: the logarithm of zero would be infinite. 32 bits reach 6.6 standard deviations.
    const radius = std * Math.sqrt(-2 * Math.log((next() + 1) / 2 ** 32));
    const angle = 2 * Math.PI * (next() / 2 ** 32);
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}
