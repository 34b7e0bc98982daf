import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execaNode } from 'execa';
import { expect, it } from 'vitest';

import { inRepository } from '../../test/support/repository.ts';
import { writeTokenSource } from '../../test/support/token-source.ts';

import type { PrepareMemory, PrepareMemoryOptions } from './prepare-memory.fixture.ts';

const TOKENIZER = inRepository('test/fixtures/data/smollm-like.tokenizer.json');
const [FEW, MANY] = [2_000_000, 60_000_000];

it('memory does not grow with the tokens of the subset', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prepare-memory-'));
  try {
    const path = join(folder, 'source.bin');
    await writeTokenSource(path, { tokens: MANY * 1.05, vocabularySize: 300, separator: 0 });
    const few = await prepared(path, join(folder, 'few'), FEW);
    const many = await prepared(path, join(folder, 'many'), MANY);
    const growth = many.peakBytes - few.peakBytes;
    expect((await stat(join(folder, 'many', 'train.bin'))).size).toBe(2 * MANY);
    // Both index all documents of the source: only what becomes of the subset differs.
    expect(growth, JSON.stringify([few, many])).toBeLessThan((2 * (MANY - FEW)) / 3);
    expect(many.peakBytes).toBeLessThan(500e6);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function prepared(path: string, outFolder: string, subsetTokens: number): Promise<PrepareMemory> {
  const options: PrepareMemoryOptions = {
    ...{ sources: [{ path }], tokenizer: TOKENIZER, separator: 0, outFolder, subsetTokens },
    ...{ validationTokens: 1_000_000, seed: 1, workers: 0 },
  };
  const program = inRepository('src/data/prepare-memory.fixture.ts');
  const { stdout } = await execaNode(program, [JSON.stringify(options)], { nodeOptions: ['--import', 'tsx'] });
  return JSON.parse(stdout) as PrepareMemory;
}
