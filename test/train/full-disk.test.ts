import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hashFile } from '../../src/engine/hash-file.ts';
import { numbersOf, runCli, smallRecipe, temporaryFolder, writeRecipe } from './train-process.ts';

// Whole processes: seconds on a quiet machine, minutes on a busy one.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

/** A file system of a few megabytes. Only root may mount one: as on GitHub's runners, by sudo. */
function mount(folder: string, bytes: number): boolean {
  return asRoot(['mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=777`, 'tmpfs', folder]);
}

function asRoot(command: readonly string[]): boolean {
  for (const prefix of [[], ['sudo', '--non-interactive']]) {
    const [program, ...args] = [...prefix, ...command];
    if (spawnSync(program!, args, { stdio: 'ignore' }).status === 0) return true;
  }
  return false;
}

const folder = await temporaryFolder();
const disk = join(folder, 'disk');
await mkdir(disk);
const mounted = mount(disk, 3_000_000);

afterAll(async () => {
  if (mounted) asRoot(['umount', disk]);
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!mounted)(
  `a full disk${mounted ? '' : ' (skipped: a file system cannot be mounted here)'}`,
  () => {
    let recipe: string;
    const out = join(disk, 'run');
    const whole = join(folder, 'whole');
    beforeAll(async () => {
      recipe = await writeRecipe(folder, smallRecipe({ steps: 60, checkpointEvery: 10, keepCheckpoints: 2 }));
      const ended = await runCli(['train', recipe, '--out', whole]);
      expect(ended.code, ended.stderr).toBe(0);
    });

    test('is named, keeps the last good checkpoint, and the run goes on once there is room, with every number of one that had it', async () => {
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
      expect(await numbersOf(out)).toEqual(await numbersOf(whole));
      const model = (run: string): Promise<string> => hashFile(join(run, 'model.safetensors'));
      expect(await model(out)).toBe(await model(whole));
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
