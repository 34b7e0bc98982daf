import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoint.ts';
import { openPositioned } from '../positioned-file.ts';
import { openGguf } from './gguf-checkpoint.ts';
import { readGgufHeader } from './gguf-header.ts';
import type { GgufHeader } from './gguf-header.ts';
import { tokenizerFiles } from './gguf-tokenizer.ts';
import { llamaConfig } from './llama-config.ts';

interface Expected {
  readonly tensors: Readonly<Record<string, { shape: number[]; sha256: string; first: number[] }>>;
  readonly texts: readonly string[];
  readonly ids: Readonly<Record<string, number[][]>>;
}

const fixtures = fileURLToPath(new URL('../../../test/fixtures/weights/', import.meta.url));
const path = join(fixtures, 'tiny-llama.gguf');
const expected = JSON.parse(readFileSync(join(fixtures, 'tiny-llama.expected.json'), 'utf8')) as Expected;

function idsOf(tokenizerJson: string, configJson: string, text: string): number[] {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson) as object, JSON.parse(configJson) as object);
  return tokenizer.encode(text).ids;
}

describe('a GGUF file with every readable quantisation', () => {
  let checkpoint: Checkpoint;
  let header: GgufHeader;
  beforeAll(async () => {
    checkpoint = await openGguf(path);
    const file = await openPositioned(path);
    header = await readGgufHeader(file);
    await file.close();
  });
  afterAll(() => checkpoint.close());

  it('has the tensors of transformers, as F32', () => {
    expect(new Set(checkpoint.tensors.keys())).toEqual(new Set(Object.keys(expected.tensors)));
    for (const [name, spec] of checkpoint.tensors) {
      expect(spec).toEqual({ name, dtype: 'F32', shape: expected.tensors[name]!.shape });
    }
  });

  it.each(Object.keys(expected.tensors))('gives bit for bit the reference values of %s', async (name) => {
    const values = await checkpoint.readFloat32(name);
    expect([...values.subarray(0, 4)]).toEqual(expected.tensors[name]!.first);
    const bytes = await checkpoint.readBytes(name);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected.tensors[name]!.sha256);
  });

  it('has the config of a LlamaForCausalLM, float32 fields in their short form', () => {
    expect(checkpoint.config).toMatchObject({
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: 256,
      intermediate_size: 32,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 16,
      rms_norm_eps: 1e-5,
      rope_theta: 100000,
      rope_scaling: null,
      max_position_embeddings: 128,
      vocab_size: 304,
      tie_word_embeddings: true,
      bos_token_id: 1,
      eos_token_id: 2,
      torch_dtype: 'float32',
    });
  });

  it.each(['smollm', 'gpt-2', 'llama-bpe'])(
    'gives the token ids of Python tokenizers with pre-tokenizer %s',
    (pre) => {
      const values = new Map(header.metadata).set('tokenizer.ggml.pre', pre);
      if (pre === 'llama-bpe') values.delete('tokenizer.ggml.add_bos_token');
      const files = tokenizerFiles({ file: path, values });
      const ids = expected.texts.map((text) => idsOf(files.tokenizer, files.tokenizerConfig, text));
      expect(ids).toEqual(expected.ids[pre]);
    },
  );

  it.each([
    ['tokenizer.ggml.pre', 'qwen2', 'its pre-tokenizer is "qwen2"'],
    ['tokenizer.ggml.model', 'bert', 'its vocabulary is of kind "bert"'],
    ['tokenizer.ggml.model', 'llama', 'its vocabulary has 304 tokens, 0 scores and 304 types'],
    ['tokenizer.ggml.bos_token_id', 5000, 'bos_token_id is 5000, but the vocabulary has 304 tokens'],
    ['tokenizer.ggml.merges', ['zz qq'], 'the merge "zz qq" does not fit its vocabulary'],
  ])('refuses a tokenizer with %s = %j', (key, value, sentence) => {
    const values = new Map(header.metadata).set(key, value);
    expect(() => tokenizerFiles({ file: path, values })).toThrow(sentence);
  });

  it.each([
    ['general.architecture', 'qwen2', 'its architecture is "qwen2", only "llama" can be read'],
    ['split.count', 3, 'it is one of 3 parts'],
    ['llama.expert_count', 8, 'it is a mixture of 8 experts'],
    ['llama.rope.dimension_count', 8, 'its rotary embedding covers 8 of 16 head dimensions'],
    ['llama.attention.head_count_kv', [1, 2], 'llama.attention.head_count_kv differs from block to block'],
  ])('refuses a model with %s = %j', (key, value, sentence) => {
    const metadata = new Map(header.metadata).set(key, value);
    expect(() => llamaConfig({ ...header, metadata }, path)).toThrow(sentence);
  });

  it('carries rotary scaling over for the model to judge', () => {
    const metadata = new Map(header.metadata)
      .set('llama.rope.scaling.type', 'yarn')
      .set('llama.rope.scaling.factor', 4)
      .set('llama.rope.scaling.original_context_length', 2048);
    expect(llamaConfig({ ...header, metadata }, path)['rope_scaling']).toEqual({
      rope_type: 'yarn',
      factor: 4,
      original_max_position_embeddings: 2048,
    });
    const neutral = new Map(header.metadata).set('llama.rope.scaling.type', 'none');
    expect(llamaConfig({ ...header, metadata: neutral }, path)['rope_scaling']).toBeNull();
  });
});

describe('a damaged GGUF file', () => {
  let folder: string;
  let bytes: Buffer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gguf-'));
    bytes = await readFile(path);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function opened(content: Uint8Array): Promise<void> {
    const damaged = join(folder, 'damaged.gguf');
    await writeFile(damaged, content);
    await (await openGguf(damaged)).close();
  }

  function patched(patch: (copy: Buffer) => void): Buffer {
    const copy = Buffer.from(bytes);
    patch(copy);
    return copy;
  }

  it.each([
    ['other magic', (b: Buffer) => b.write('GGML', 0), 'does not begin with the letters GGUF'],
    ['version 1', (b: Buffer) => b.writeUInt32LE(1, 4), 'its version is 1'],
    ['big-endian', (b: Buffer) => b.writeUInt32BE(3, 4), 'it is big-endian'],
    ['2^60 tensors', (b: Buffer) => b.writeBigUInt64LE(2n ** 60n, 8), 'tensor_count is 1152921504606846976'],
    [
      '2^60 fields',
      (b: Buffer) => b.writeBigUInt64LE(2n ** 60n, 16),
      'metadata_kv_count is 1152921504606846976',
    ],
    ['a key of 2^50 bytes', (b: Buffer) => b.writeBigUInt64LE(2n ** 50n, 24), 'it ends inside its header'],
  ])('is refused: %s', async (_, patch, sentence) => {
    await expect(opened(patched(patch))).rejects.toThrow(sentence);
  });

  it('is refused when it is cut off, with the tensor that suffers', async () => {
    await expect(opened(bytes.subarray(0, 100))).rejects.toThrow('it ends inside its header');
    await expect(opened(bytes.subarray(0, bytes.length - 2000))).rejects.toThrow(/is cut off in tensor "/);
  });

  it('never fails in another way, whichever byte of the header is flipped', async () => {
    for (let at = 0; at < 900; at += 3) {
      try {
        await opened(patched((copy) => (copy[at] = copy[at]! ^ 0x81)));
      } catch (error) {
        expect((error as Error).name, `byte ${at}: ${String(error)}`).toBe('WeightsError');
      }
    }
  });
});

const smollm2 = process.env['INHERITUNE_SMOLLM2'] ?? '';

describe.skipIf(!existsSync(smollm2))(
  'SmolLM2-135M-Instruct (skipped unless INHERITUNE_SMOLLM2 names the .gguf)',
  () => {
    let checkpoint: Checkpoint;
    beforeAll(async () => {
      checkpoint = await openGguf(smollm2);
    });
    afterAll(() => checkpoint.close());

    it('has the published config', () => {
      expect(checkpoint.config).toMatchObject({
        hidden_size: 576,
        intermediate_size: 1536,
        num_hidden_layers: 30,
        num_attention_heads: 9,
        num_key_value_heads: 3,
        head_dim: 64,
        vocab_size: 49152,
        rope_theta: 100000,
        rms_norm_eps: 1e-5,
        max_position_embeddings: 8192,
        tie_word_embeddings: true,
      });
      const parameters = [...checkpoint.tensors.values()].reduce(
        (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
        0,
      );
      expect(parameters).toBe(134_515_008);
    });

    it('has finite weights in every tensor', async () => {
      for (const name of checkpoint.tensors.keys()) {
        const values = await checkpoint.readFloat32(name);
        expect(values.every(Number.isFinite), name).toBe(true);
      }
    });

    it('tokenizes as the published tokenizer does: no BOS, digits one by one, control tokens whole', async () => {
      const [tokenizer, config] = await Promise.all(
        ['tokenizer.json', 'tokenizer_config.json'].map(async (name) =>
          Buffer.from(await checkpoint.sidecars.get(name)!()).toString(),
        ),
      );
      expect(idsOf(tokenizer!, config!, 'Hello world')).toEqual([19556, 905]);
      expect(idsOf(tokenizer!, config!, '<|im_start|>user\nHi<|im_end|>')).toEqual([1, 4093, 198, 26843, 2]);
      expect(idsOf(tokenizer!, config!, '2024')).toHaveLength(4);
    });
  },
);
