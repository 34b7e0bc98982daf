/**
 * Makes `test/fixtures/models/small-run`: a LLaMA of random weights small enough for a whole run in seconds, with a
 * byte-level tokenizer, so that tests can go from text to a report. Run: `node --import tsx test/reference/models/make-small-run-model.ts`.
 */
import { readFile } from 'node:fs/promises';
import { initialiseRandom } from '../../../src/inherit/inherit.ts';
import { inRepository } from '../../support/repository.ts';

const tokenizer = await readFile(inRepository('test/fixtures/data/smollm-like.tokenizer.json'));
const { model, added_tokens: added } = JSON.parse(tokenizer.toString()) as {
  model: { vocab: Record<string, number> };
  added_tokens: { id: number }[];
};
const vocabulary = new Set([...Object.values(model.vocab), ...added.map(({ id }) => id)]).size;
const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
await initialiseRandom({
  config: {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: vocabulary,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    hidden_act: 'silu',
    bos_token_id: 0,
    eos_token_id: 0,
  },
  sidecars: new Map([
    ['tokenizer.json', () => Promise.resolve(new Uint8Array(tokenizer))],
    [
      'tokenizer_config.json',
      () => Promise.resolve(encode({ eos_token: '<|endoftext|>', tokenizer_class: 'GPT2TokenizerFast' })),
    ],
  ]),
  outFolder: inRepository('test/fixtures/models/small-run'),
});
