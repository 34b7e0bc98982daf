import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { makeRecord } from '../../test/store/make-record.ts';
import { COMMENT_LIMIT } from '../report/github-limits.ts';
import { renderLedger } from '../report/ledger-report.ts';
import type { BaselineSource } from './baseline.ts';
import { judgeVariants } from './judge-variants.ts';
import { variantTables } from './variant-table.ts';
import { renderMessage } from './message.ts';
import type { Outcome } from './outcome-text.ts';
import { describeOutcome } from './outcome-text.ts';

// Every string that the action puts on a page and that somebody else wrote: recipes, branches, model and dataset names, reasons of failed
// tasks, what the program said, names of stores and devices.

/** Pieces that Markdown, HTML, GitHub or `String.replace` would read, in any order, with anything between them. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '|',
        '`',
        '```\n',
        '@octocat',
        '@octo/all',
        '#12',
        '<!--',
        '-->',
        '<img src=x>',
        '</details>',
      ),
      fc.constantFrom(
        '$&',
        "$'",
        '$1',
        '\n',
        '\n\n# h\n',
        '\n| a | b |\n',
        '[l](http://e)',
        '![i](http://e)',
        '\\',
        '**',
      ),
      fc.string({ maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 10 },
  )
  .map((pieces) => pieces.join(''));

/** What must not be in a page: live markup from the pieces above. Fenced blocks show their text as it is. */
function expectHarmless(page: string): void {
  const lines = withoutFences(page.split('\n'));
  const text = lines.join('\n');
  expect(text).not.toMatch(/(?<!\w)@octo/);
  expect(text).not.toMatch(/<!--|<img|\$[&'1]/);
  expect(text).not.toMatch(/(?<!\\)(?:\\\\)*\]\(http:\/\/e\)/);
  expect(text).not.toMatch(/(?<!&)#12/);
  expect(text).not.toMatch(/^# h$/m);
  // Details that are opened are closed, and nobody closes them early.
  let open = 0;
  for (const [tag] of text.matchAll(/<\/?details>/g)) {
    open += tag === '<details>' ? 1 : -1;
    expect(open).toBeGreaterThanOrEqual(0);
  }
  expect(open).toBe(0);
  // A table's rows all have the columns of its head.
  lines.forEach((line, index) => {
    const above = lines[index - 1] ?? '';
    if (line.startsWith('|') && above.startsWith('|'))
      expect([line, columns(line)]).toEqual([line, columns(above)]);
  });
}

function columns(row: string): number {
  return row.split(/(?<!\\)\|/).length;
}

/** Source: CommonMark, section "Fenced code blocks". */
function withoutFences(lines: readonly string[]): string[] {
  let fence: string | undefined;
  return lines.filter((line) => {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (fence === undefined) fence = mark;
    else if (mark !== undefined && mark.length >= fence.length && line.trim() === mark) fence = undefined;
    else return false;
    return mark === undefined;
  });
}

describe('text from outside comes to no life', () => {
  const outcomes = (text: string): Outcome[] => [
    { kind: 'badInput', message: text },
    { kind: 'failed', exitCode: 1, message: text },
    { kind: 'outOfMemory', evidence: text },
    { kind: 'outOfMemory', evidence: '', said: text },
    { kind: 'crashed', signal: 'SIGSEGV', message: text },
    { kind: 'notANumber', message: text },
    { kind: 'empty', message: text },
    { kind: 'partlyMissing', missing: [text, text] },
    { kind: 'baselineUnreadable', message: text },
    { kind: 'wrongMachine', reasons: [text] },
    { kind: 'nothingNew', message: text },
    { kind: 'refused', reason: text },
    { kind: 'timedOut', afterMs: 1000, isResumable: true },
  ];

  it('in the message of every outcome: recipe, reason, output folder, log', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const outcome of outcomes(text))
          expectHarmless(
            renderMessage(
              {
                ...{ outcome: describeOutcome(outcome, text), headSha: 'a'.repeat(40), recipe: text },
                ...{ runUrl: 'https://github.com/o/r/actions/runs/1', report: undefined, stderrTail: text },
              },
              COMMENT_LIMIT,
            ),
          );
      }),
    );
  });

  const evaluation = (text: string) =>
    makeEvaluation(
      {
        piqa: makeBinaryTask('piqa', [1, 0, 1]),
        wnli: { status: 'failed', reason: text },
        qnli: { status: 'unavailable', reason: text },
      },
      { model: text, environment: { device: text, driver: text, precision: text } },
    );

  it('in the table of variants', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const result = evaluation(text);
        expectHarmless(
          variantTables([
            { name: text, model: 'trained', result },
            { name: 'other', model: 'trained', result },
          ]),
        );
      }),
    );
  });

  it('in the comparison: baseline, branch, commands, and why there is none', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const result = evaluation(text);
        const record = makeRecord({ trained: evaluation('model') }, { command: text });
        const sources: BaselineSource[] = [
          { find: () => Promise.resolve({ state: 'absent', reason: text }) },
          {
            find: () =>
              Promise.resolve({
                ...{ state: 'found', label: text, result },
                record: { content: record, source: text },
              }),
          },
        ];
        for (const baseline of sources) {
          const { markdown } = await judgeVariants(
            [{ name: text, model: 'trained', result, record, recordFile: text }],
            { baseline, maximumDropPoints: 1, confidence: 0.95, reportUrl: 'https://github.com/o/r' },
          );
          expectHarmless(markdown);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('in the ledger: recipe, run, device, reason', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const latest = {
          ...({ ours: null, verdict: 'cannotTell', scaled: true, reason: text } as const),
          ...{ night: '2026-03-01', commit: text, device: text },
        };
        expectHarmless(
          renderLedger(
            text,
            [{ text: 'A claim.', source: 'paper', unit: 'percent', relation: 'equal', paper: 0.5, latest }],
            [{ night: '2026-03-01', state: 'judged', run: text, gpuMinutes: 1 }],
          ),
        );
      }),
    );
  });

  it('the check itself sees what it is about', () => {
    for (const live of [
      '@octocat',
      '<img src=x>',
      '<!-- x',
      'a $& b',
      '[l](http://e)',
      '| a |\n| b | c |',
      '</details>',
    ])
      expect(() => {
        expectHarmless(`text ${live.startsWith('|') ? `\n${live}` : live}`);
      }).toThrow();
    expectHarmless('````text\n``` @octocat\n````');
  });
});
