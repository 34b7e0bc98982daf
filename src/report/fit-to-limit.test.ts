import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulateEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import { renderComparison } from './comparison-report.ts';
import { fitToLimit } from './fit-to-limit.ts';
import { CHECK_SUMMARY_LIMIT, COMMENT_LIMIT, JOB_SUMMARY_LIMIT } from './github-limits.ts';
import type { TextLimit } from './github-limits.ts';

const link = 'Full report: <https://example.org/runs/1>';
const sizeOf = (text: string, { unit }: TextLimit): number =>
  unit === 'bytes' ? new TextEncoder().encode(text).length : text.length;
const regressed = renderComparison(
  simulateEvaluation(120, 1.2, 1),
  simulateEvaluation(120, 0.3, 2),
  { base: 'main', head: 'feature', reportUrl: 'https://example.org/runs/1' },
  { maximumDropPoints: 1, confidence: 0.95 },
);

describe('fitToLimit', () => {
  it('returns what fits unchanged', () => {
    expect(fitToLimit(regressed.markdown, COMMENT_LIMIT, link)).toBe(regressed.markdown);
  });

  it.each([COMMENT_LIMIT, CHECK_SUMMARY_LIMIT, JOB_SUMMARY_LIMIT])(
    'a report far over $maximum $unit keeps verdict, failing rows and link',
    (limit) => {
      const filler = `<details>\n<summary>Filler</summary>\n\n${'– 日本語 text\n\n'.repeat(120_000)}</details>\n`;
      const short = fitToLimit(`${regressed.markdown}\n${filler}`, limit, link);
      expect(sizeOf(short, limit)).toBeLessThanOrEqual(limit.maximum);
      expect(short).toContain(regressed.markdown.split('\n')[0]);
      for (const row of regressed.markdown.split('\n').filter((line) => line.includes('| regression |'))) {
        expect(short).toContain(row);
      }
      expect(short.endsWith(`_Shortened to fit here: 1 section left out._ ${link}`)).toBe(true);
    },
  );

  it('keeps verdict, failing rows and link in little room, and leaves no heading without its table', () => {
    const rows = regressed.markdown.split('\n').filter((line) => line.includes('| regression |'));
    const short = fitToLimit(regressed.markdown, { maximum: 1600, unit: 'characters' }, link);
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(short).toContain(row);
    expect(short).toContain(link);
    expect(short).not.toContain('### All tasks\n\n<');
  });

  it('cuts a table that is itself too long by rows and counts them', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `| task${i} | regression |`);
    const table = ['### Needs attention', '', '| Task | Why |', '| - | - |', ...rows].join('\n');
    const short = fitToLimit(`## Verdict\n\n${table}\n`, { maximum: 2000, unit: 'characters' }, link);
    const kept = short.split('\n').filter((line) => line.startsWith('| task')).length;
    expect(kept).toBeGreaterThan(40);
    expect(short).toContain(`${1000 - kept} table rows left out`);
    expect(short.length).toBeLessThanOrEqual(2000);
  });

  it('never exceeds the limit, never leaves a tag or fence open', () => {
    const block = fc.constantFrom(
      '### Heading',
      'Text with 🙂 and 日本語',
      '| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |',
      '<details>\n<summary>x</summary>\n\ninside\n\n```\n<details>\n\n```\n\n</details>',
      '````sh\n ```\n\ncommand\n````',
    );
    const limits = fc.record({
      maximum: fc.integer({ min: 1, max: 600 }),
      unit: fc.constantFrom('characters' as const, 'bytes' as const),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 15 }), limits, (blocks, limit) => {
        const short = fitToLimit(['## Verdict', ...blocks].join('\n\n'), limit, link);
        expect(sizeOf(short, limit)).toBeLessThanOrEqual(limit.maximum);
        expect(short.split('<summary>').length).toBe(short.split('</summary>').length);
        expect((short.match(/^`{3,}/gm) ?? []).length % 2).toBe(0);
        if (limit.maximum > 200) {
          expect(short.startsWith('## Verdict')).toBe(true);
          if (blocks.join('\n\n').length > 1200) expect(short).toContain(link);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('cuts a verdict that is longer than the limit instead of dropping it', () => {
    const short = fitToLimit(`## ${'very '.repeat(500)}long`, { maximum: 300, unit: 'characters' }, link);
    expect(short.startsWith('## very very')).toBe(true);
    expect(short).toContain(link);
    expect(short.length).toBeLessThanOrEqual(300);
  });
});
