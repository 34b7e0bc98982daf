import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Tokenizer } from '../data/tokenizer.ts';

/** The tokenizer in a folder, or of a `tokenizer.json` with what lies beside it. */
export async function namedTokenizer(path: string): Promise<Tokenizer> {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path);
  const main = folder === path ? 'tokenizer.json' : basename(path);
  const sidecars = new Map<string, () => Promise<Uint8Array>>();
  for (const [name, file] of [
    ['tokenizer.json', main],
    ['tokenizer_config.json', 'tokenizer_config.json'],
    ['tokenizer.model', 'tokenizer.model'],
  ] as const) {
    const full = join(folder, file);
    if (await stat(full).catch(() => undefined)) sidecars.set(name, () => readFile(full));
  }
  return loadCheckpointTokenizer({ source: folder, config: {}, sidecars });
}
