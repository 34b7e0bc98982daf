import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { invalidUtf8Offset } from './decode-document.ts';
import { readDocuments } from './read-documents.ts';
import { listSourceFiles } from './text-source.ts';

import type { TextSource } from './text-source.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sources-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function textsOf(
  name: string,
  content: string | Uint8Array,
  options: Omit<TextSource, 'path'> = {},
): Promise<string[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const texts: string[] = [];
  for (const file of await listSourceFiles({ path, ...options })) {
    for await (const { text } of readDocuments(file)) texts.push(text);
  }
  return texts;
}

describe('.txt', () => {
  const text = '\ufeffOne.\r\nStill one.\r\n\r\n \t\nTwo é.\n<|endoftext|>\nThree.<|endoftext|>Four.\n\n';

  it('file: one document, but for <|endoftext|>', async () => {
    expect(await textsOf('a.txt', text)).toEqual(['One.\r\nStill one.\r\n\r\n \t\nTwo é.', 'Three.', 'Four.']);
  });

  it('paragraph: blank lines part documents as well', async () => {
    const texts = await textsOf('a.txt', text, { documents: 'paragraph' });
    expect(texts).toEqual(['One.\r\nStill one.', 'Two é.', 'Three.', 'Four.']);
  });

  it('line: every line', async () => {
    const texts = await textsOf('a.txt', text, { documents: 'line' });
    expect(texts).toEqual(['One.', 'Still one.', 'Two é.', 'Three.', 'Four.']);
  });

  it('keeps every character whatever the size of the parts it is read in', async () => {
    // Lines of 70 bytes never end where a read of 1 MiB does.
    const line = 'ä'.repeat(34) + 'x';
    const texts = await textsOf('long.txt', `${line}\n`.repeat(40_000), { documents: 'line' });
    expect(texts).toHaveLength(40_000);
    expect(new Set(texts)).toEqual(new Set([line]));
  });

  it('names the byte that is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('first\n\nsecond é '), Buffer.from([0xc3, 0x28]), Buffer.from('\n')]);
    await expect(textsOf('latin.txt', bytes, { documents: 'paragraph' })).rejects.toThrow(
      /latin\.txt is not UTF-8 at byte 17 \(in the document that begins in line 3\)/,
    );
  });
});

describe('splitting', () => {
  /** The rule of `paragraph` written the short way, for text in memory. */
  const paragraphs = (text: string): string[] =>
    text
      .split('<|endoftext|>')
      .flatMap((part, i, all) => {
        // A blank rest of the marker's own line is not a blank line.
        const lines = part.split('\n').map((line) => line.replace(/\r$/, ''));
        const whole = (at: number): boolean => (at > 0 || i === 0) && (at < lines.length - 1 || i === all.length - 1);
        const documents: string[][] = [[]];
        for (const [at, line] of lines.entries()) {
          if (line.trim() !== '') documents.at(-1)!.push(line);
          else if (whole(at)) documents.push([]);
        }
        return documents;
      })
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'));

  it('equals the short rule on any mixture of lines, blanks and markers', async () => {
    const parts = fc.constantFrom('a', 'é b', '\n', '\n\n', '\n', '<|endoftext|>', '<|endof');
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 25 }), async (mixture) => {
        const text = mixture.join('');
        expect(await textsOf('mixture.txt', text, { documents: 'paragraph' })).toEqual(paragraphs(text));
      }),
      { numRuns: 200 },
    );
  });
});

describe('.jsonl', () => {
  it('reads the field asked for, past blank lines', async () => {
    const content = '\ufeff{"text":"a","body":"A\\u2028\\nB"}\r\n\n{"body":"  "}\n{"body":"C"}';
    expect(await textsOf('a.jsonl', content, { field: 'body' })).toEqual(['A\u2028\nB', '', 'C']);
  });

  it.each([
    ['{"text":"a"}\n{"text":\n', /bad\.jsonl, line 2: not valid JSON/],
    ['{"text":"a"}\n\n["text"]\n', /bad\.jsonl, line 3: \["text"\] is not a JSON object/],
    ['{"content":"a","id":3}\n', /bad\.jsonl, line 1: field "text" is missing \(fields there: content, id\)/],
    ['{"text":5}\n', /bad\.jsonl, line 1: field "text" is 5, not text/],
    ['{"text":"\\ud83d"}\n', /bad\.jsonl, line 1: field "text" holds half a surrogate pair/],
  ])('refuses %j', async (content, message) => {
    await expect(textsOf('bad.jsonl', content)).rejects.toThrow(message);
  });
});

describe('listSourceFiles', () => {
  it('takes the text files of a folder at any depth, by name, and follows links', async () => {
    const root = join(folder, 'tree');
    await mkdir(join(root, 'sub'), { recursive: true });
    await writeFile(join(root, 'b.txt'), 'b');
    await writeFile(join(root, 'README.md'), 'no');
    await writeFile(join(root, 'sub', 'c.jsonl'), '{}');
    await symlink(join(root, 'b.txt'), join(root, 'a.txt'));
    const files = await listSourceFiles({ path: root, documents: 'line', field: 'body' });
    expect(files.map(({ name }) => name)).toEqual(['a.txt', 'b.txt', 'sub/c.jsonl']);
    expect(files[0]).toMatchObject({ format: 'text', documents: 'line', bytes: 1 });
    expect(files[2]).toMatchObject({ format: 'jsonl', field: 'body' });
  });

  it('refuses what is missing, without text, or of another kind', async () => {
    await mkdir(join(folder, 'bare'));
    await writeFile(join(folder, 'x.csv'), 'a,b');
    await expect(listSourceFiles({ path: join(folder, 'none') })).rejects.toThrow(/no text source .*none/);
    await expect(listSourceFiles({ path: join(folder, 'bare') })).rejects.toThrow(/holds no \.txt, \.jsonl, \.parquet or \.bin file/);
    await expect(listSourceFiles({ path: join(folder, 'x.csv') })).rejects.toThrow(/x\.csv is not a \.txt, \.jsonl/);
  });
});

describe('invalidUtf8Offset', () => {
  it('finds a stray byte behind any valid text, U+FFFD included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom([0x80], [0xff], [0xe2, 0x82], [0xed, 0xa0, 0x80]), (text, bad) => {
        const valid = Buffer.from(`${text}\ufffd`);
        expect(invalidUtf8Offset(Buffer.concat([valid, Buffer.from(bad), Buffer.from('z')]))).toBe(valid.length);
      }),
    );
  });
});
