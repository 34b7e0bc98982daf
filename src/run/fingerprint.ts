import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../engine/hash-file.ts';

/**
 * A hash that changes when any file below `path` (or the file itself) changes. Hidden files do not count.
 * Reads everything: a model of several GB takes a few seconds, little beside the stage that it may save.
 */
export async function hashTree(path: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await filesBelow(path))
    hash.update(`${file.slice(path.length)}\0${await hashFile(file)}\n`);
  return hash.digest('hex');
}

const MODEL_FILE =
  /^(config\.json|.*\.safetensors(\.index\.json)?|.*\.gguf|tokenizer.*|special_tokens_map\.json|vocab\.json|merges\.txt)$/;

/** As `hashTree`, over what makes a model: a run's folder holds more than that. */
export async function hashModel(location: string): Promise<string> {
  if (!(await stat(location)).isDirectory()) return hashFile(location);
  const names = (await readdir(location)).filter((name) => MODEL_FILE.test(name)).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\0${await hashFile(join(location, name))}\n`);
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    // A hub snapshot holds links to files; links to folders are followed as well, as loaders do.
    files.push(...((await stat(child)).isDirectory() ? await filesBelow(child) : [child]));
  }
  return files;
}
