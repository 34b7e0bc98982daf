import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readBatch } from './batch-reader.ts';
import { createBatchPlan } from './batches.ts';
import { openTokenFile } from './token-file.ts';
import { createTokenWriter } from './token-writer.ts';

import type { TokenFile } from './token-file.ts';

let folder: string;
let file: TokenFile;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batch-reader-'));
  const path = join(folder, 'train.bin');
  const writer = await createTokenWriter(path, { vocabularySize: 100 });
  await writer.write(Array.from({ length: 22 }, (_, i) => i));
  await writer.finish();
  file = await openTokenFile(path, { vocabularySize: 100 });
});
afterAll(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

const options = { sequenceLength: 5, microBatch: 2, accumulate: 2, tokens: 22, seed: 3 } as const;

describe('readBatch', () => {
  it('gives inputs and, one token later, targets; windows share their border token', async () => {
    const plan = createBatchPlan({ ...options, order: 'sequential' });
    const { inputs, targets } = await readBatch(file, plan, 0, 1);
    expect([...inputs]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect([...targets]).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it('covers each window once in a shuffled pass', async () => {
    const plan = createBatchPlan({ ...options, order: 'shuffled' });
    const batches = [await readBatch(file, plan, 0, 0), await readBatch(file, plan, 0, 1)];
    const firsts = batches.flatMap(({ inputs }) => [inputs[0]!, inputs[5]!]).sort((a, b) => a - b);
    expect(firsts).toEqual([0, 5, 10, 15]);
  });

  it('refuses a plan made for another file', async () => {
    const plan = createBatchPlan({ ...options, tokens: 30, order: 'sequential' });
    await expect(readBatch(file, plan, 0, 0)).rejects.toThrow(/plan is for 30 tokens and .*train\.bin has 22/);
  });
});
