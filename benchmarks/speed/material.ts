import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initialiseRandom } from '../../src/inherit/inherit.ts';
import type { BenchShape } from './shapes.ts';

/** What all programs of a comparison get: a model of random weights, and uint16 tokens for 40 steps, below `folder`. */
export async function makeMaterial(
  { config, batch, length }: BenchShape,
  folder: string,
): Promise<{ readonly model: string; readonly tokens: string }> {
  const [model, tokens] = [join(folder, 'model'), join(folder, 'tokens.bin')];
  await initialiseRandom({ config, outFolder: model });
  const vocabulary = config['vocab_size'] as number;
  const ids = { length: 40 * batch * length + 1 };
  await writeFile(
    tokens,
    Uint16Array.from(ids, (_, i) => (i * 7919 + (i >> 3) * 104729) % vocabulary),
  );
  return { model, tokens };
}
