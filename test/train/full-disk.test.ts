import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCli, smallRecipe, temporaryFolder, writeRecipe } from './train-process.ts';

// Whole processes: seconds on a quiet machine, minutes on a busy one.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

/** A file system of a few megabytes; only root may mount one. */
function mount(folder: string, bytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const folder = await temporaryFolder();
const disk = join(folder, 'disk');
await mkdir(disk);
const mounted = mount(disk, 3_000_000);

afterAll(async () => {
  if (mounted) execFileSync('umount', [disk]);
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!mounted)(
  `a full disk${mounted ? '' : ' (skipped: a file system cannot be mounted here)'}`,
  () => {
    let recipe: string;
    const out = join(disk, 'run');
    beforeAll(async () => {
      recipe = await writeRecipe(folder, smallRecipe({ steps: 60, checkpointEvery: 10, keepCheckpoints: 2 }));
    });

    test('is named, keeps the last good checkpoint, and the run goes on once there is room', async () => {
      // Room for two checkpoints of 0.33 MB, and not for a third beside them.
      await writeFile(join(disk, 'ballast'), Buffer.alloc(2_150_000));
      const full = await runCli(['train', recipe, '--out', out]);
      expect(full.code, full.stderr).toBe(1);
      expect(full.stderr).toMatch(
        /the disk is full, training stopped\. The checkpoint after step \d+ is whole/,
      );
      expect(listed(join(out, 'checkpoints')).every((name) => /^step-\d+$/.test(name))).toBe(true);

      await rm(join(disk, 'ballast'));
      const resumed = await runCli(['train', recipe, '--out', out, '--resume']);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(resumed.stderr).toMatch(/resumed from the checkpoint after step \d+/);
    });
  },
);

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
