import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { parseConfig } from './config.ts';
import { parametersOf } from './parameters.ts';

const CONFIG = {
  ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], num_hidden_layers: 8, hidden_size: 1024 },
  ...{ intermediate_size: 2752, num_attention_heads: 16, vocab_size: 8192, tie_word_embeddings: true },
};

test('loading 430 MB of weights never holds two copies of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-load-'));
  try {
    await writeFile(join(folder, 'config.json'), JSON.stringify(CONFIG));
    await writeZeros(join(folder, 'model.safetensors'));
    const { stdout } = await execaNode(inRepository('src/model/load-memory.fixture.ts'), [folder], {
      nodeOptions: ['--import', 'tsx'],
    });
    const { weightBytes, grownBytes, sum } = JSON.parse(stdout) as Record<string, number>;
    expect(weightBytes).toBeGreaterThan(400e6);
    expect(sum).toBe(0);
    expect(grownBytes).toBeGreaterThan(weightBytes!);
    expect(grownBytes! / weightBytes!).toBeLessThan(1.3);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Every parameter as float32 zeros, in a file with a hole in place of them. */
async function writeZeros(path: string): Promise<void> {
  let end = 0;
  const entries = parametersOf(parseConfig(CONFIG, 'test')).map(({ name, shape }) => {
    const begin = end;
    end += shape.reduce((product, size) => product * size, 4);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  await file.writev([length, header]);
  await file.truncate(length.length + header.length + end);
  await file.close();
}
