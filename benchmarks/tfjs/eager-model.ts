/** LLaMA and GPT-2 as one writes them in plain tfjs: no fused functions, no graph, every operation run when it is called. */
import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import type { Gpt2Config, LlamaConfig, ModelConfig } from '../../src/model/config.ts';

export type EagerWeights = Readonly<Record<string, Tensor>>;

/** Mean cross-entropy in nats of ids [B, T] with the tokens that follow them [B, T]. */
export function eagerLoss(config: ModelConfig, weights: EagerWeights, ids: Tensor, targets: Tensor): Scalar {
  const hidden = config.family === 'llama' ? llama(config, weights, ids) : gpt2(config, weights, ids); // [B·T, D]
  const table = config.family === 'llama' ? 'model.embed_tokens.weight' : 'transformer.wte.weight';
  const head = weights[config.tiedHead ? table : 'lm_head.weight']!;
  const logits = tf.matMul(hidden, head, false, true); // [B·T, V]
  const labels = tf.oneHot(targets.reshape([targets.size]).toInt(), config.vocabulary);
  return tf.losses.softmaxCrossEntropy(labels, logits) as Scalar;
}

function llama(config: LlamaConfig, weights: EagerWeights, ids: Tensor): Tensor {
  const [batch, length] = ids.shape as [number, number];
  const { heads, keyValueHeads, headSize } = config;
  const table = rotary(config, length);
  const mask = causalMask(length);
  let x = tf.gather(weights['model.embed_tokens.weight']!, ids.reshape([batch * length]).toInt());
  for (let i = 0; i < config.layers; i++) {
    const w = (name: string): Tensor => weights[`model.layers.${i}.${name}.weight`]!;
    const norm = rmsNorm(x, w('input_layernorm'), config.normEpsilon);
    const project = (name: string, count: number): Tensor =>
      tf
        .matMul(norm, w(`self_attn.${name}_proj`), false, true)
        .reshape([batch, length, count, headSize])
        .transpose([0, 2, 1, 3]); // [B, H, T, hd]
    const q = rotate(project('q', heads), table);
    const repeated = (kv: Tensor): Tensor =>
      heads === keyValueHeads
        ? kv
        : tf
            .tile(kv.reshape([batch * keyValueHeads, 1, length * headSize]), [1, heads / keyValueHeads, 1])
            .reshape([batch, heads, length, headSize]);
    const k = repeated(rotate(project('k', keyValueHeads), table));
    const v = repeated(project('v', keyValueHeads));
    const mixed = attention(q, k, v, mask, 1 / Math.sqrt(headSize)); // [B·T, D]
    x = tf.add(x, tf.matMul(mixed, w('self_attn.o_proj'), false, true));
    const fed = rmsNorm(x, w('post_attention_layernorm'), config.normEpsilon);
    const gate = tf.matMul(fed, w('mlp.gate_proj'), false, true);
    const up = tf.matMul(fed, w('mlp.up_proj'), false, true);
    const wide = tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
    x = tf.add(x, tf.matMul(wide, w('mlp.down_proj'), false, true));
  }
  return rmsNorm(x, weights['model.norm.weight']!, config.normEpsilon);
}

function gpt2(config: Gpt2Config, weights: EagerWeights, ids: Tensor): Tensor {
  const [batch, length] = ids.shape as [number, number];
  const { heads, headSize, hidden } = config;
  const mask = causalMask(length);
  const positions = tf.slice(weights['transformer.wpe.weight']!, [0, 0], [length, hidden]);
  const tokens = tf.gather(weights['transformer.wte.weight']!, ids.reshape([batch * length]).toInt());
  let x: Tensor = tf
    .add(tokens.reshape([batch, length, hidden]), positions)
    .reshape([batch * length, hidden]);
  for (let i = 0; i < config.layers; i++) {
    const w = (name: string): Tensor => weights[`transformer.h.${i}.${name}`]!;
    const layer = (name: string, input: Tensor): Tensor =>
      tf.add(tf.matMul(input, w(`${name}.weight`)), w(`${name}.bias`));
    const norm = (name: string, input: Tensor): Tensor =>
      layerNorm(input, w(`${name}.weight`), w(`${name}.bias`), config.normEpsilon);
    const qkv = layer('attn.c_attn', norm('ln_1', x));
    const [q, k, v] = tf
      .split(qkv, 3, 1)
      .map((part) => part.reshape([batch, length, heads, headSize]).transpose([0, 2, 1, 3])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    x = tf.add(x, layer('attn.c_proj', attention(q, k, v, mask, 1 / Math.sqrt(headSize))));
    x = tf.add(x, layer('mlp.c_proj', gelu(layer('mlp.c_fc', norm('ln_2', x)))));
  }
  const { 'transformer.ln_f.weight': gain, 'transformer.ln_f.bias': bias } = weights;
  return layerNorm(x, gain!, bias!, config.normEpsilon);
}

/** q, k and v [B, H, T, hd] to [B·T, H·hd]. */
function attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: number): Tensor {
  const [batch, heads, length, size] = q.shape as [number, number, number, number];
  const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), scale), mask); // [B, H, T, T]
  const mixed = tf.matMul(tf.softmax(scores), v).transpose([0, 2, 1, 3]);
  return mixed.reshape([batch * length, heads * size]);
}

function rmsNorm(x: Tensor, gain: Tensor, epsilon: number): Tensor {
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
  return tf.mul(tf.mul(x, scale), gain);
}

function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))), gain), bias);
}

function gelu(x: Tensor): Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** [B, H, T, hd] */
function rotate(x: Tensor, { cos, sin }: { cos: Tensor; sin: Tensor }): Tensor {
  const [a, b] = tf.split(x, 2, 3) as [Tensor, Tensor];
  return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(b), a], 3), sin));
}

function rotary({ headSize, ropeTheta }: LlamaConfig, length: number): { cos: Tensor; sin: Tensor } {
  const angles = Array.from({ length }, (_, t) =>
    Array.from({ length: headSize }, (_, i) => t / ropeTheta ** ((2 * (i % (headSize / 2))) / headSize)),
  );
  const all = tf.tensor(angles, [length, headSize]);
  return { cos: tf.cos(all), sin: tf.sin(all) };
}

function causalMask(length: number): Tensor {
  return tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0)), -1e9);
}
