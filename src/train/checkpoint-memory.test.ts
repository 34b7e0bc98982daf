import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';

/** A tensor as it was read, as TensorFlow is given it (unaligned, see `Session`) and as its own copy; the one before it until it is collected. */
const MOST_TENSORS = 4;

test('a checkpoint of 708 MB is written and read with a few tensors of it in memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-checkpoint-'));
  try {
    const { stdout } = await execaNode(inRepository('src/train/checkpoint-memory.fixture.ts'), [folder], {
      nodeOptions: ['--import', 'tsx'],
    });
    const sizes = JSON.parse(stdout) as Record<string, number>;
    const { bytes, largestBytes, stepPeak, resumedPeak, saveGrowth, loadGrowth } = sizes;
    expect(bytes! / largestBytes!).toBeGreaterThan(20);
    for (const grown of [resumedPeak! - stepPeak!, saveGrowth!, loadGrowth!])
      expect(grown / largestBytes!, stdout).toBeLessThan(MOST_TENSORS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
