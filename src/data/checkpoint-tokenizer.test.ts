import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { loadCheckpointTokenizer } from './checkpoint-tokenizer.ts';

const tokenizerJson = (): Promise<Uint8Array> =>
  readFile(new URL('../../test/fixtures/data/llama2-like.tokenizer.json', import.meta.url));
const encoded = (value: unknown) => async (): Promise<Uint8Array> =>
  Promise.resolve(new TextEncoder().encode(JSON.stringify(value)));

describe('loadCheckpointTokenizer', () => {
  it('uses tokenizer.json, tokenizer_config.json and the ids of config.json', async () => {
    const tokenizer = await loadCheckpointTokenizer({
      source: 'some/model',
      config: { bos_token_id: 1, eos_token_id: 1 },
      sidecars: new Map([
        ['tokenizer.json', tokenizerJson],
        ['tokenizer_config.json', encoded({ eos_token: '</s>' })],
      ]),
    });
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId]).toEqual([1, 2]);
  });

  it('uses tokenizer.model where there is no tokenizer.json', async () => {
    const path = new URL('../../test/fixtures/data/sentencepiece/llama-bpe.model.gz', import.meta.url);
    const sidecars = new Map([['tokenizer.model', async () => gunzipSync(await readFile(path))]]);
    const tokenizer = await loadCheckpointTokenizer({ source: 'some/model', config: {}, sidecars });
    expect(tokenizer.decode(tokenizer.encode('Hello there', { addSpecialTokens: false }))).toBe('Hello there');
  });

  it('says which file is needed where there is none', async () => {
    const none = { source: 'some/model', config: {}, sidecars: new Map() };
    await expect(loadCheckpointTokenizer(none)).rejects.toThrow(/some\/model has neither tokenizer\.json nor tokenizer\.model/);
  });
});
