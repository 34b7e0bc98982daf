import { readFile } from 'node:fs/promises';

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

  it('says which file is needed where only tokenizer.model is there', async () => {
    const sidecars = new Map([['tokenizer.model', encoded(0)]]);
    await expect(loadCheckpointTokenizer({ source: 'some/model', config: {}, sidecars })).rejects.toThrow(
      /some\/model has a SentencePiece tokenizer\.model and no tokenizer\.json, which is the file needed/,
    );
  });

  it('says which file is needed where there is none', async () => {
    const none = { source: 'some/model', config: {}, sidecars: new Map() };
    await expect(loadCheckpointTokenizer(none)).rejects.toThrow(/some\/model has no tokenizer\.json/);
  });
});
