import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';

/** Reading holds one tensor, writing pieces of one; a quarter of one more for what the process does besides. */
const MOST_TENSORS = { read: 1.25, written: 0.5 };

test('a checkpoint of 657 MB is written in pieces and read with one tensor of it in memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-checkpoint-'));
  try {
    const { stdout } = await execaNode(inRepository('src/train/checkpoint-memory.fixture.ts'), [folder], {
      nodeOptions: ['--import', 'tsx'],
    });
    const sizes = JSON.parse(stdout) as Record<string, number>;
    const { bytes, largestBytes, stepPeak, resumedPeak, saveGrowth, loadGrowth } = sizes;
    expect(bytes! / largestBytes!).toBeGreaterThan(9);
    for (const grown of [resumedPeak! - stepPeak!, loadGrowth!])
      expect(grown / largestBytes!, stdout).toBeLessThan(MOST_TENSORS.read);
    expect(saveGrowth! / largestBytes!, stdout).toBeLessThan(MOST_TENSORS.written);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
