import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBlock, escapeMarkdown, plainText } from './escape-markdown.ts';

/** Text rich in what Markdown and GitHub read. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '|',
        '`',
        '```',
        '@octocat',
        '#12',
        'GH-3',
        '<!--',
        '-->',
        '<b>',
        '&lt;',
        '$&',
        "$'",
        '$x$',
        '\\',
        '\\|',
      ),
      fc.constantFrom(
        '\n',
        '\r\n',
        '\u2028',
        '**',
        '_',
        '~~',
        '[x](y)',
        '![i](j)',
        '\u001b[31m',
        '\u202e',
        '1. ',
        '# ',
        '- ',
      ),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('escapeMarkdown', () => {
  it.each([
    ['a|b', 'a&#124;b'],
    ['`rm -rf`', '\\`rm -rf\\`'],
    ['ping @octocat', 'ping @\u200Boctocat'],
    ['see #12 and GH-7', 'see #\u200B12 and GH-\u200B7'],
    ['<!-- marker --><script>', '&#60;!-- marker --&#62;&#60;script&#62;'],
    ['line one\nline two', 'line one line two'],
    [
      '$& $1 $x$',
      '&#36;& &#36;1 &#36;x&#36;'.replace(' &#36;1', ' &#36;1').replace('&#36;& ', '&#36;&#38; '),
    ],
    ['# not a heading', '\\# not a heading'],
    ['a __b_c__ d_e', 'a \\_\\_b_c\\_\\_ d_e'],
    ['a closing ##', 'a closing \\##'],
    ['1. not a list', '1\\. not a list'],
    ['[text](url) ![i](u)', '\\[text\\](url) !\\[i\\](u)'],
    ['**bold** _it_ ~~no~~', '\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['abc\u202Etxt', 'abctxt'],
  ])('%j becomes %j', (text, wanted) => expect(escapeMarkdown(text)).toBe(wanted));

  it('leaves ordinary names readable', () => {
    for (const name of [
      'models/SmolLM2-135M',
      'truthfulqa_mc2',
      'org/name@main',
      '2.21.0',
      'runs/quick start',
    ]) {
      expect(escapeMarkdown(name)).toBe(name);
    }
  });

  it('leaves nothing that Markdown or GitHub would read', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/[|<>\n\r\u2028\u2029$]/);
        expect(escaped).not.toMatch(/(^|[^\\])(\\\\)*[`*~[\]]/);
        expect(escaped).not.toMatch(/(?<!\w)@\w/);
        expect(escaped).not.toMatch(/(?<!&)#\d/);
        expect(escaped).not.toMatch(/&(?!#\d+;)/);
        expect(escaped).not.toMatch(/^(#|[+\-=]|\d{1,9}[.)](\s|$))/);
      }),
      { numRuns: 500 },
    );
  });

  it('survives String.replace as a replacement text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect('<x>'.replace('x', escapeMarkdown(text))).toBe(`<${escapeMarkdown(text)}>`);
      }),
    );
  });

  it('cuts long text without splitting a character', () => {
    expect(escapeMarkdown('🙂'.repeat(500), 10)).toBe(`${'🙂'.repeat(9)}…`);
  });
});

describe('plainText', () => {
  it('has no control characters and one line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainText(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E]/u);
      }),
    );
  });
});

describe('codeBlock', () => {
  it('its fence is longer than any run of backticks in it', () => {
    expect(codeBlock('a ``` b ```` c', 'sh')).toBe('`````sh\na ``` b ```` c\n`````');
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = codeBlock(text).split('\n');
        const fence = lines[0] ?? '';
        expect(lines.at(-1)).toBe(fence);
        expect(lines.slice(1, -1).some((line) => line.includes(fence))).toBe(false);
      }),
    );
  });
});
