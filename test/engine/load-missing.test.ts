import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadEngine } from '../../src/engine/load.ts';
import { temporaryFolder } from './fixtures/folders.ts';

// In a file of its own, because the others load an engine and a process has one.

test('a folder without an addon is a sentence, as often as one tries', async () => {
  const folder = temporaryFolder();
  for (const attempt of [1, 2]) {
    await expect(loadEngine({ folder }), `attempt ${attempt}`).rejects.toMatchObject({
      code: 'engine-load',
      message: `There is no TensorFlow addon at ${join(folder, 'tfjs_binding.node')}. Run \`inheritune setup\`, or give another --native-dir.`,
    });
  }
});

test('no folder at all is a sentence', async () => {
  await expect(loadEngine({})).rejects.toMatchObject({ code: 'engine-load' });
});
