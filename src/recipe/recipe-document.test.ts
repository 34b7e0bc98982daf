import { describe, expect, it } from 'vitest';
import { parseRecipeDocument } from './recipe-document.ts';

function fault(text: string): string {
  try {
    parseRecipeDocument(text, 'r.yml');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

describe('parseRecipeDocument', () => {
  it.each([
    [
      'a duplicate field',
      'a: 1\nb:\n  c: 1\n  c: 2\n',
      'r.yml:4:3: this field is given twice in its section; keep one of them.',
    ],
    [
      'an alias',
      'a: &x 1\nb: *x\n',
      'r.yml:2:4: YAML aliases (`*name`) are not allowed in a recipe; write the value out.',
    ],
    [
      'a second document',
      'a: 1\n---\nb: 2\n',
      'r.yml:3:1: a second YAML document starts here; keep one recipe per file.',
    ],
    [
      'an unknown tag',
      'a: !!js/function x\n',
      /^r\.yml:1:4: not valid YAML: Unresolved tag: .*; correct the line\.$/,
    ],
    [
      'a tab',
      'a:\n\tb: 1\n',
      'r.yml:2:1: not valid YAML: Tabs are not allowed as indentation; correct the line.',
    ],
    ['an open quote', 'a: 1\nb: "x\n', /^r\.yml:3:1: not valid YAML: Missing closing/],
    [
      'a key that is a map',
      '? { a: 1 }\n: 2\n',
      'r.yml:1:3: a field name must be plain text; put quotes around it.',
    ],
    ['an empty file', '# nothing yet\n', /^r\.yml: the recipe is empty;/],
    [
      'brackets without end',
      '['.repeat(20_000),
      /the YAML is nested too deeply to be read; check its brackets\.$/,
    ],
    [
      'a large file',
      `a: ${'x'.repeat(100_001)}`,
      /^r\.yml: the file has 100004 characters; a recipe has at most 100000\.$/,
    ],
  ])('refuses %s', (_name, text, message) => {
    expect(fault(text)).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message);
  });

  it('refuses an alias bomb without expanding it', () => {
    const levels = Array.from({ length: 30 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`);
    expect(fault(['l0: &l0 [x]', ...levels].join('\n'))).toMatch(/has 270 problems/);
  });

  it('reads Windows line ends and a byte order mark', () => {
    const document = parseRecipeDocument('\uFEFFa: 1\r\nb:\r\n  c: 2\r\n', 'r.yml');
    expect([document.value, document.locate(['b', 'c'])]).toEqual([{ a: 1, b: { c: 2 } }, 'r.yml:3:3']);
  });

  it('locates list elements, and the nearest section of a field that is absent', () => {
    const document = parseRecipeDocument('a:\n  - x: 1\n  - x: 2\n', 'r.yml');
    expect([
      document.locate(['a', 1, 'x']),
      document.locate(['a', 0, 'missing']),
      document.locate(['zz']),
    ]).toEqual(['r.yml:3:5', 'r.yml:2:5', 'r.yml:1:1']);
  });
});
