import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress } from '../progress.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { inherit, initialiseRandom } from './inherit.ts';
import type { CarriedPart } from './inherit-map.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const models = join(root, '../shared/data/models');
const tinyGguf = join(root, 'test/fixtures/weights/tiny-llama.gguf');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inherit-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function inherited(
  source: string,
  layers: number | number[],
  more: { carry?: CarriedPart[]; seed?: number; dtype?: 'F32' | 'BF16' } = {},
  name = 'out',
): Promise<string> {
  const checkpoint = await openCheckpoint(source);
  const outFolder = join(folder, name);
  try {
    await inherit({ checkpoint, layers, outFolder, progress: silentProgress, ...more });
  } finally {
    await checkpoint.close();
  }
  return outFolder;
}

describe('inherit', () => {
  it('copies the blocks of a GGUF model bit for bit, with its tokenizer', async () => {
    const out = await openCheckpoint(await inherited(tinyGguf, [1]));
    const source = await openCheckpoint(tinyGguf);
    expect(out.config).toEqual({ ...source.config, num_hidden_layers: 1 });
    for (const name of out.tensors.keys()) {
      const old = name.replace('layers.0', 'layers.1');
      expect(Buffer.compare(await out.readBytes(name), await source.readBytes(old)), name).toBe(0);
    }
    expect([...out.sidecars.keys()].sort()).toEqual([
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    await out.close();
    await source.close();
  });

  it('gives the same bytes for the same seed, other ones for another', async () => {
    const carry: CarriedPart[] = ['finalNorm'];
    const weights = await Promise.all(
      [5, 5, 6].map(async (seed, i) =>
        readFile(join(await inherited(tinyGguf, 1, { carry, seed }, `out${i}`), 'model.safetensors')),
      ),
    );
    expect(weights[0]!.equals(weights[1]!)).toBe(true);
    expect(weights[0]!.equals(weights[2]!)).toBe(false);
  });

  it('tells what it initialised and how large the model is', async () => {
    const checkpoint = await openCheckpoint(tinyGguf);
    const result = await inherit({
      checkpoint,
      layers: 1,
      outFolder: join(folder, 'out'),
      carry: ['embeddings'],
    });
    await checkpoint.close();
    expect(result.initialised).toEqual(['model.norm.weight']);
    // 304x256 embedding, q 32x256, k and v 16x256, o 256x32, three 32x256 in the MLP, three norms of 256.
    expect(result.parameters).toBe(304 * 256 + (32 + 16 + 16 + 32 + 3 * 32) * 256 + 3 * 256);
  });

  it('writes nothing when there are not enough blocks', async () => {
    await expect(inherited(tinyGguf, 3)).rejects.toThrow('layers is 3, but the model has 2 blocks');
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not replace its own source', async () => {
    const source = await inherited(tinyGguf, 2);
    await expect(inherited(source, 1, {}, 'out')).rejects.toThrow('is the folder of the source model');
    await expect(inherited(source, 1, {}, 'shorter')).resolves.toBeTruthy();
  });

  it('converts to the type that is asked for', async () => {
    const out = await openCheckpoint(await inherited(tinyGguf, 1, { dtype: 'BF16' }));
    expect(new Set([...out.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['BF16']));
    expect(out.config['torch_dtype']).toBe('bfloat16');
    await out.close();
  });
});

describe('initialiseRandom', () => {
  it('has the tensors of the model whose config it is given, with the deviations of transformers', async () => {
    const source = await openCheckpoint(tinyGguf);
    await initialiseRandom({
      config: source.config,
      outFolder: join(folder, 'out'),
      seed: 3,
      sidecars: source.sidecars,
    });
    const out = await openCheckpoint(join(folder, 'out'));
    expect(new Map([...out.tensors].sort())).toEqual(new Map([...source.tensors].sort()));
    const values = await out.readFloat32('model.embed_tokens.weight');
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    expect(deviation).toBeCloseTo(0.02, 4);
    expect(new Set(await out.readFloat32('model.norm.weight'))).toEqual(new Set([1]));
    expect(out.sidecars.has('tokenizer.json')).toBe(true);
    await out.close();
    await source.close();
  });
});

describe('memory', () => {
  /** Eleven shards of one 32 MB tensor each, all holes: 352 MB that take no disk. */
  async function writeSynthetic(): Promise<string> {
    const path = await mkdtemp(join(folder, 'synthetic-'));
    const names = [
      'model.embed_tokens.weight',
      ...Array.from({ length: 10 }, (_, i) => `model.layers.${i}.mlp.down_proj.weight`),
    ];
    const map: Record<string, string> = {};
    for (const [i, name] of names.entries()) {
      const file = `model-${i}.safetensors`;
      const extra = i === 0 ? ',"model.norm.weight":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' : '';
      const header = `{"${name}":{"dtype":"F32","shape":[4096,2048],"data_offsets":[0,33554432]}${extra}}`;
      const handle = await open(join(path, file), 'w');
      const prefix = Buffer.alloc(8);
      prefix.writeBigUInt64LE(BigInt(header.length));
      await handle.write(Buffer.concat([prefix, Buffer.from(header)]));
      await handle.truncate(8 + header.length + 33554432);
      await handle.close();
      map[name] = file;
    }
    await writeFile(join(path, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    const config = { model_type: 'llama', num_hidden_layers: 10, tie_word_embeddings: true };
    await writeFile(join(path, 'config.json'), JSON.stringify(config));
    return path;
  }

  it.each(['same', 'BF16'])(
    'grows by less than one and a half tensors for ten of them (%s)',
    async (dtype) => {
      const program = fileURLToPath(new URL('./inherit-memory.fixture.ts', import.meta.url));
      const { stdout } = await execa(
        process.execPath,
        ['--import', 'tsx', program, await writeSynthetic(), join(folder, 'out'), dtype],
        { cwd: root },
      );
      expect(Number(stdout)).toBeGreaterThan(0);
      expect(Number(stdout)).toBeLessThan(1.5 * 33554432);
    },
  );
});

const python = process.env['INHERITUNE_PYTHON'] ?? '';

describe.skipIf(!existsSync(python) || !existsSync(models))(
  'transformers (skipped unless INHERITUNE_PYTHON names a python that has it, and shared models are there)',
  () => {
    const script = join(root, 'test/reference/weights/check_inherited.py');

    it.each([
      ['stories260k', 3],
      ['gpt2-nano-sort', 2],
    ] as const)(
      'loads the first blocks of %s unchanged and computes what the source does',
      async (name, layers) => {
        const source = join(models, name);
        const out = await inherited(source, layers);
        const { stdout } = await execa(python, [script, 'blocks', source, out, String(layers)]);
        expect(stdout).toContain('same logits');
      },
    );

    it.each(['stories260k', 'gpt2-nano-sort'])(
      'finds in random weights for %s the deviations of its own',
      async (name) => {
        const source = await openCheckpoint(join(models, name));
        await initialiseRandom({ config: source.config, outFolder: join(folder, 'random') });
        await source.close();
        const { stdout } = await execa(python, [script, 'random', join(folder, 'random')]);
        expect(stdout).toContain('same deviations');
      },
    );

    it('loads a model and tokenizer rebuilt from GGUF', async () => {
      const out = await inherited(tinyGguf, 2);
      const { stdout } = await execa(python, [
        script,
        'tokenizer',
        out,
        join(root, 'test/fixtures/weights/tiny-llama.expected.json'),
      ]);
      expect(stdout).toContain('same ids');
    });
  },
);
