import { expect, test } from 'vitest';
import { programFolder } from '../../test/engine/fixtures/folders.ts';
import { peakMemoryBytes } from './peak-memory.ts';

const MIB = 2 ** 20;

/** An `nvidia-smi` that lists these processes, and 9,000 MiB in use on the card. */
function withProcesses(lines: string): NodeJS.ProcessEnv {
  const script = `case "$*" in *compute-apps*) printf '${lines}';; *memory.used*) echo 9000;; *) exit 1;; esac`;
  return { PATH: programFolder({ 'nvidia-smi': script }), CUDA_VISIBLE_DEVICES: '1' };
}

test('on a CPU it is the resident memory, which only grows', async () => {
  const before = (await peakMemoryBytes({ kind: 'cpu' }, {}))!;
  expect(before).toBeGreaterThanOrEqual(process.memoryUsage().rss * 0.5);
  const block = Buffer.alloc(300 * MIB, 1);
  const after = (await peakMemoryBytes({ kind: 'cpu' }, {}))!;
  expect(block[0]).toBe(1);
  expect(after - before).toBeGreaterThan(100 * MIB);
});

test('on a GPU it is what this process holds there', async () => {
  const env = withProcesses(`17, 400\\n${process.pid}, 1234\\n`);
  expect(await peakMemoryBytes({ kind: 'cuda' }, env)).toBe(1234 * MIB);
});

test('in a container that shows no process it is what is in use on the card', async () => {
  expect(await peakMemoryBytes({ kind: 'cuda' }, withProcesses(''))).toBe(9000 * MIB);
});

test('it is unknown among processes of others, and without nvidia-smi', async () => {
  expect(await peakMemoryBytes({ kind: 'cuda' }, withProcesses('17, 400\\n'))).toBeUndefined();
  expect(await peakMemoryBytes({ kind: 'cuda' }, { PATH: programFolder({}) })).toBeUndefined();
});
