import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The texts of a `.jsonl` file (field `text`), or the paragraphs of a text file. */
export async function documentsOf(path: string): Promise<string[]> {
  const text = await readFile(resolve(path), 'utf8');
  if (!path.endsWith('.jsonl')) return text.split(/\n\n+/).filter((one) => one.trim() !== '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { text: string }).text);
}
