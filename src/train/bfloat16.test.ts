import { expect, test } from 'vitest';
import { largestDifference, lossCurve } from '../../benchmarks/precision/loss-curve.ts';
import { testEngine } from '../../test/support/test-engine.ts';

const config = {
  ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], vocab_size: 256, num_hidden_layers: 3 },
  ...{ hidden_size: 64, intermediate_size: 176, num_attention_heads: 4, num_key_value_heads: 2 },
  tie_word_embeddings: true,
};

test("200 steps in bfloat16 on real text: at every step the loss is within 2 % of float32's", async () => {
  const engine = await testEngine();
  const sizes = { config, steps: 200, batch: 4, length: 64 };
  const float32 = await lossCurve(engine, { ...sizes, precision: 'float32' });
  const bfloat16 = await lossCurve(engine, { ...sizes, precision: 'bfloat16' });
  expect(float32[0]).toBeGreaterThan(5.4);
  expect(float32.at(-1)).toBeLessThan(3.2);
  expect(bfloat16.slice(0, 20)).not.toEqual(float32.slice(0, 20));
  expect(largestDifference(bfloat16, float32)).toBeLessThan(0.02);
});
