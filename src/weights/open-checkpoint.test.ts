import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TensorSpec } from './checkpoint.ts';
import { WeightsError } from './errors.ts';
import { writeFailed } from './file-writes.ts';
import { openCheckpoint } from './open-checkpoint.ts';
import type { TensorSource } from './tensor-chunks.ts';
import { writeCheckpoint } from './write-checkpoint.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

function source(name: string, values: readonly number[]): TensorSource {
  const spec: TensorSpec = { name, dtype: 'F32', shape: [values.length] };
  return { spec, read: async () => new Uint8Array(Float32Array.from(values).buffer) };
}

const TENSORS = [source('a', [1, 2, 3]), source('b', [4, 5]), source('c', [0.1, -6])];
const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;

/** Two shards: a and b of 20 bytes, then c. */
async function writeSharded(): Promise<string> {
  const path = join(folder, 'sharded');
  const sidecars = new Map([['tokenizer.json', async () => Buffer.from('{"x":1}')]]);
  await writeCheckpoint(path, {
    config: { model_type: 'llama' },
    tensors: TENSORS,
    sidecars,
    maxShardBytes: 20,
  });
  return path;
}

async function editIndex(path: string, edit: (map: Record<string, string>) => void): Promise<void> {
  const file = join(path, 'model.safetensors.index.json');
  const index = JSON.parse(await readFile(file, 'utf8')) as { weight_map: Record<string, string> };
  edit(index.weight_map);
  await writeFile(file, JSON.stringify(index));
}

describe('a written checkpoint', () => {
  it('comes back from shards: config, tensors, sidecars', async () => {
    const path = await writeSharded();
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint.config).toEqual({ model_type: 'llama' });
    expect([...checkpoint.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect([...(await checkpoint.readFloat32('c'))]).toEqual([Math.fround(0.1), -6]);
    expect(Buffer.from(await checkpoint.sidecars.get('tokenizer.json')!()).toString()).toBe('{"x":1}');
    await checkpoint.close();
    const index = JSON.parse(await readFile(join(path, 'model.safetensors.index.json'), 'utf8')) as unknown;
    expect(index).toEqual({
      metadata: { total_parameters: 7, total_size: 28 },
      weight_map: { a: SHARDS[0], b: SHARDS[0], c: SHARDS[1] },
    });
  });

  it('is converted to the element type that is asked for, and its config says so', async () => {
    const path = join(folder, 'half');
    await writeCheckpoint(path, { config: { torch_dtype: 'float32' }, tensors: TENSORS, dtype: 'BF16' });
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint.config['torch_dtype']).toBe('bfloat16');
    expect(checkpoint.tensors.get('c')?.dtype).toBe('BF16');
    expect((await checkpoint.readFloat32('c'))[0]).toBe(0.10009765625);
    await checkpoint.close();
  });

  it('replaces an earlier checkpoint in a folder, keeps other files and drops stale shards', async () => {
    const path = await writeSharded();
    await writeFile(join(path, 'train.jsonl'), 'kept');
    await writeCheckpoint(path, { config: { n: 2 }, tensors: [source('z', [1])] });
    expect((await readdir(path)).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'train.jsonl',
    ]);
    const checkpoint = await openCheckpoint(path);
    expect([...checkpoint.tensors.keys()]).toEqual(['z']);
    await checkpoint.close();
  });

  it('does not appear when a tensor cannot be read half-way', async () => {
    const broken: TensorSource = {
      ...source('d', [1]),
      read: () => Promise.reject(new Error('the source went away')),
    };
    await expect(
      writeCheckpoint(join(folder, 'out'), { config: {}, tensors: [...TENSORS, broken], maxShardBytes: 8 }),
    ).rejects.toThrow('the source went away');
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves the earlier checkpoint untouched when writing over it fails', async () => {
    const path = await writeSharded();
    const before = await readdir(path);
    const broken: TensorSource = { ...source('d', [1]), read: () => Promise.reject(new Error('gone')) };
    await expect(writeCheckpoint(path, { config: {}, tensors: [broken] })).rejects.toThrow('gone');
    expect(await readdir(path)).toEqual(before);
    await (await openCheckpoint(path)).close();
  });

  it('is refused before anything is written when the disk is too small', async () => {
    const huge: TensorSource = { ...source('d', []), spec: { name: 'd', dtype: 'F32', shape: [2 ** 48] } };
    await expect(writeCheckpoint(join(folder, 'out'), { config: {}, tensors: [huge] })).rejects.toThrow(
      /needs 1125899\.\d GB for the weights, but the disk has/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full', async () => {
    const failure = await writeFile('/dev/full', 'x').catch((error: unknown) => writeFailed('out', error));
    expect(failure).toMatchObject({ code: 'weights/write-failed', exitCode: 1 });
    expect(String(failure)).toContain('out could not be written: the disk is full');
  });

  it('passes errors of its sources on as they are', async () => {
    const failure = new WeightsError('missing', 'The source is gone.');
    const broken: TensorSource = { ...source('d', [1]), read: () => Promise.reject(failure) };
    await expect(writeCheckpoint(join(folder, 'out'), { config: {}, tensors: [broken] })).rejects.toBe(
      failure,
    );
  });

  it.skipIf(process.getuid?.() === 0)('says that a folder is not writable (skipped for root)', async () => {
    await mkdir(join(folder, 'locked'), { mode: 0o555 });
    await expect(
      writeCheckpoint(join(folder, 'locked', 'out'), { config: {}, tensors: TENSORS }),
    ).rejects.toThrow('could not be written: permission was denied');
  });

  it('says that the output is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeCheckpoint(join(folder, 'file'), { config: {}, tensors: TENSORS })).rejects.toThrow(
      'is a file, not a folder',
    );
    await expect(
      writeCheckpoint(join(folder, 'file', 'out'), { config: {}, tensors: TENSORS }),
    ).rejects.toMatchObject({ code: 'weights/write-failed' });
  });
});

describe('openCheckpoint refuses', () => {
  it('a folder without config.json', async () => {
    const path = await writeSharded();
    await rm(join(path, 'config.json'));
    await expect(openCheckpoint(path)).rejects.toThrow(`${path} has no config.json`);
  });

  it('a missing shard', async () => {
    const path = await writeSharded();
    await rm(join(path, SHARDS[1]));
    await expect(openCheckpoint(path)).rejects.toThrow(`${path} lacks ${SHARDS[1]}`);
  });

  it('an index that names a tensor which its shard lacks', async () => {
    const path = await writeSharded();
    await editIndex(path, (map) => (map['ghost'] = SHARDS[0]));
    await expect(openCheckpoint(path)).rejects.toThrow(
      /tensor "ghost" is in model-00001.*, but no shard holds it/,
    );
  });

  it('an index that sends a tensor to the wrong shard', async () => {
    const path = await writeSharded();
    await editIndex(path, (map) => (map['a'] = SHARDS[1]));
    await expect(openCheckpoint(path)).rejects.toThrow(/tensor "a" is in model-00002.*, but it is in/);
  });

  it('a tensor in two shards', async () => {
    const path = await writeSharded();
    await writeFile(join(path, SHARDS[1]), await readFile(join(path, SHARDS[0])));
    await expect(openCheckpoint(path)).rejects.toThrow('Tensor "a" is in two shards');
  });

  it('an index that reaches outside its folder', async () => {
    const path = await writeSharded();
    await editIndex(path, (map) => (map['a'] = '../other.safetensors'));
    await expect(openCheckpoint(path)).rejects.toThrow('names the shard "../other.safetensors"');
  });

  it('weights that are only there as a pickle, and says so', async () => {
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, 'pytorch_model.bin'), '');
    await expect(openCheckpoint(folder)).rejects.toThrow('only as pytorch_model.bin, a pickle');
  });

  it('a folder with a GGUF file, and says how to use it', async () => {
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, 'm.gguf'), '');
    await expect(openCheckpoint(folder)).rejects.toThrow('To use m.gguf, give the path of that file');
  });

  it('a config.json that is not an object', async () => {
    await writeFile(join(folder, 'config.json'), '[]');
    await expect(openCheckpoint(folder)).rejects.toThrow('config.json is not a JSON object');
  });

  it('a path that does not exist and a file of another kind', async () => {
    await expect(openCheckpoint(join(folder, 'none'))).rejects.toThrow('cannot be opened: it does not exist');
    await writeFile(join(folder, 'm.bin'), '');
    await expect(openCheckpoint(join(folder, 'm.bin'))).rejects.toThrow(
      'is neither a folder nor a .gguf file',
    );
  });

  it('a tensor that is not there', async () => {
    const checkpoint = await openCheckpoint(await writeSharded());
    await expect(checkpoint.readBytes('nope')).rejects.toThrow('holds no tensor named "nope"');
    await checkpoint.close();
  });
});

const models = fileURLToPath(new URL('../../../shared/data/models/', import.meta.url));

describe.skipIf(!existsSync(models))(
  'the small trained models (skipped where the shared folder is absent)',
  () => {
    it.each(['stories260k', 'gpt2-nano-sort'])('%s survives a copy bit for bit', async (name) => {
      const original = await openCheckpoint(join(models, name));
      const sources = [...original.tensors.values()].map((spec) => ({
        spec,
        read: () => original.readBytes(spec.name),
      }));
      await mkdir(join(folder, 'x'));
      await writeCheckpoint(join(folder, 'x'), {
        config: original.config,
        tensors: sources,
        sidecars: original.sidecars,
      });
      const copy = await openCheckpoint(join(folder, 'x'));
      expect(new Set(copy.tensors.keys())).toEqual(new Set(original.tensors.keys()));
      for (const tensor of original.tensors.keys()) {
        expect(Buffer.compare(await copy.readBytes(tensor), await original.readBytes(tensor)), tensor).toBe(
          0,
        );
      }
      expect([...copy.sidecars.keys()]).toEqual([...original.sidecars.keys()]);
      await copy.close();
      await original.close();
    });
  },
);
