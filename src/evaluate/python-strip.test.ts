import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { pythonLength, pythonRightStrip, pythonStrip, pythonWords } from './python-strip.ts';

const fixture = z
  .object({
    spaces: z.array(z.number()),
    texts: z.array(
      z.object({
        text: z.string(),
        strip: z.string(),
        rstrip: z.string(),
        split: z.array(z.string()),
        length: z.number(),
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL('../../test/fixtures/evaluate/python-values.json', import.meta.url), 'utf8'),
    ),
  );

it('takes exactly the characters that Python calls white space', () => {
  const taken: number[] = [];
  for (let unit = 0; unit <= 0xffff; unit++)
    if (pythonStrip(String.fromCharCode(unit)) === '') taken.push(unit);
  expect(taken).toEqual(fixture.spaces);
});

it.each(fixture.texts)(
  'strips, splits and counts $text as Python does',
  ({ text, strip, rstrip, split, length }) => {
    expect(pythonStrip(text)).toBe(strip);
    expect(pythonRightStrip(text)).toBe(rstrip);
    expect(pythonWords(text)).toEqual(split);
    expect(pythonLength(text)).toBe(length);
  },
);

it('counts code points of any text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '\u0085', '\u2028', '\ufeff', '\ud83d', '\ude00', '😀')),
      (parts) => {
        const text = parts.join('');
        expect(pythonLength(text)).toBe([...text].length);
      },
    ),
  );
});

it('strips 200,000 spaces inside a text in linear time', () => {
  const text = `a${' '.repeat(200_000)}b`;
  expect(pythonRightStrip(text)).toBe(text);
});
