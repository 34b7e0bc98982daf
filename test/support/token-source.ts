import { open } from 'node:fs/promises';
import { seededRandom } from '../../src/data/seeded-random.ts';

/** Mean length of a document, its separator included: web text has about twice as many tokens, Wikipedia's paragraphs a third. */
export const MEAN_DOCUMENT_TOKENS = 500;

/** Ids gathered before a write. */
const BUFFER_TOKENS = 2 ** 20;

/**
 * Writes a nanoGPT `.bin` file (uint16) of random documents, 2 to 998 tokens each with the separator, until there are `tokens`. The
 * same arguments give the same bytes; no two documents of more than a few tokens are equal.
 */
export async function writeTokenSource(
  path: string,
  { tokens, vocabularySize, separator }: { tokens: number; vocabularySize: number; separator: number },
): Promise<void> {
  const random = seededRandom(1);
  const buffer = new Uint16Array(BUFFER_TOKENS);
  const handle = await open(path, 'w');
  try {
    let left = 0;
    for (let done = 0; done < tokens;) {
      const count = Math.min(BUFFER_TOKENS, tokens - done);
      for (let i = 0; i < count; i++) {
        if (left === 0) left = 2 + random.nextInt(2 * MEAN_DOCUMENT_TOKENS - 3);
        left--;
        const id = random.nextInt(vocabularySize - 1);
        buffer[i] = left === 0 ? separator : id + Number(id >= separator);
      }
      await handle.writeFile(new Uint8Array(buffer.buffer, 0, 2 * count));
      done += count;
    }
  } finally {
    await handle.close();
  }
}
