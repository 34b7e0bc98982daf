import { describe, expect, it } from 'vitest';
import { COMMENT_LIMIT, JOB_SUMMARY_LIMIT } from '../report/github-limits.ts';
import type { MessageParts } from './message.ts';
import { renderMessage } from './message.ts';
import type { Outcome } from './outcome-text.ts';
import { describeOutcome } from './outcome-text.ts';

describe('describeOutcome', () => {
  const outcomes: [Outcome, number, RegExp][] = [
    [{ kind: 'succeeded' }, 0, /^Succeeded: The run is complete/],
    [{ kind: 'regression' }, 3, /^Regression: .*makes the model worse/],
    [{ kind: 'badInput', message: 'Field trian is unknown.' }, 2, /^Wrong input: Field trian is unknown\.$/],
    [{ kind: 'badInput', message: '' }, 2, /gave no reason/],
    [{ kind: 'interrupted', by: 'runner', isResumable: true }, 75, /cancelled.*continue from its checkpoint/],
    [{ kind: 'interrupted', by: 'runner', isResumable: false }, 1, /cancelled.*no word of a checkpoint/],
    [{ kind: 'interrupted', by: 'itself', isResumable: true }, 75, /stopped itself.*\(runs\/x\)/],
    [{ kind: 'failed', exitCode: 1, message: 'Disk full.' }, 1, /^Failed: Disk full\.$/],
    [{ kind: 'failed', exitCode: 9, message: '' }, 1, /exit code 9 and gave no reason/],
    [
      { kind: 'failed', exitCode: undefined, message: 'spawn ENOENT' },
      1,
      /could not be started\. spawn ENOENT/,
    ],
    [{ kind: 'outOfMemory', evidence: 'heap' }, 1, /^Out of memory: .*\(heap\).*microBatch/],
    [{ kind: 'killed' }, 1, /^Killed: .*SIGKILL/],
    [
      { kind: 'timedOut', afterMs: 90_000, isResumable: true },
      1,
      /after 1\.5 minutes.*checkpoint.*timeout-minutes/,
    ],
    [{ kind: 'crashed', signal: 'SIGSEGV', message: '' }, 1, /^Crashed: .*SIGSEGV/],
    [{ kind: 'hung', afterMs: 3_600_000, isResumable: false }, 1, /^Hung: .*no sign of life for 60 minutes/],
    [{ kind: 'notANumber', message: 'Loss of NaN.' }, 1, /^Not a number: Loss of NaN\.$/],
    [{ kind: 'empty', message: 'No task.' }, 1, /^Empty: No task\.$/],
    [
      { kind: 'partlyMissing', missing: Array.from({ length: 12 }, (_, index) => `t${String(index)}`) },
      1,
      /^Partly missing: .*t0; .*t9 and 2 more/,
    ],
    [{ kind: 'baselineUnreadable', message: 'Bad.' }, 1, /^Baseline unreadable: Bad\.$/],
    [{ kind: 'wrongMachine', reasons: ['gpu: none'] }, 0, /^Wrong machine: .*gpu: none.*preflight: false/],
    [{ kind: 'refused', reason: 'Fork.' }, 1, /^Refused: Fork\.$/],
  ];

  it.each(outcomes)('%j ends with exit code %i', (outcome, exitCode, text) => {
    const described = describeOutcome(outcome, 'runs/x');
    expect(described.exitCode).toBe(exitCode);
    expect(`${described.title}: ${described.detail}`).toMatch(text);
  });

  it.each([
    ['noRegression', 'No regression'],
    ['cannotTell', 'Cannot tell'],
    ['incomparable', 'Incomparable'],
    ['noBaseline', 'No baseline'],
    ['none', 'Succeeded'],
  ] as const)('a complete run with the verdict %s is titled %s', (verdict, title) => {
    expect(describeOutcome({ kind: 'succeeded' }, 'runs/x', verdict)).toMatchObject({ title, exitCode: 0 });
  });

  it('has another title for every kind', () => {
    const titles = new Map(outcomes.map(([outcome]) => [outcome.kind, describeOutcome(outcome, '').title]));
    expect(new Set(titles.values()).size).toBe(titles.size);
  });
});

describe('renderMessage', () => {
  it('puts outcome, commit and link before the report', () => {
    expect(renderMessage(parts({ report: '| a |\n| - |\n| $& |' }), COMMENT_LIMIT)).toBe(
      [
        '## Inheritune: Succeeded',
        'The run is complete.',
        'Commit 6dcb09b5b578, recipe recipes/q.yml, [log and artifacts](https://github.com/o/r/actions/runs/1)',
        '| a |\n| - |\n| $& |',
      ].join('\n\n'),
    );
  });

  it('shows the end of the log, as text, where there is no report', () => {
    const outcome = describeOutcome({ kind: 'failed', exitCode: 1, message: 'x' }, 'runs/x');
    const lines = Array.from({ length: 60 }, (_, index) => `line ${String(index)}`);
    const message = renderMessage(
      parts({ outcome, report: undefined, stderrTail: [...lines, '``` <b>@all</b>'].join('\n') }),
      COMMENT_LIMIT,
    );
    expect(message).toContain('````text\nline 21\n');
    expect(message).not.toContain('line 20\n');
  });

  it("keeps a program's words from becoming markup, a mention or an image", () => {
    const message = '![x](https://evil.example/p.png) @octo/all <img src=x> `code` $&';
    const outcome = describeOutcome({ kind: 'badInput', message }, 'runs/x');
    const rendered = renderMessage(parts({ outcome, report: undefined, recipe: '`$&` @ada' }), COMMENT_LIMIT);
    expect(rendered).not.toMatch(/!\[|@octo|@ada|<img|`code`|`\$&`/);
  });

  it.each([
    ['a comment', COMMENT_LIMIT, 'x'],
    ['a summary, whose limit counts bytes', JOB_SUMMARY_LIMIT, '夜'],
  ])('fits %s and keeps outcome and link', (_, limit, letter) => {
    const report = `# Verdict\n\n| task |\n| - |\n${`| ${letter.repeat(100)} |\n`.repeat(20_000)}`;
    const message = renderMessage(parts({ report }), limit);
    const size = limit.unit === 'bytes' ? Buffer.byteLength(message) : message.length;
    expect(size).toBeLessThanOrEqual(limit.maximum);
    expect(size).toBeGreaterThan(limit.maximum * 0.9);
    expect(message).toContain('Inheritune: Succeeded');
    expect(message).toContain('# Verdict');
    expect(message).toContain('(https://github.com/o/r/actions/runs/1)');
  });
});

function parts(changes: Partial<MessageParts>): MessageParts {
  return {
    outcome: describeOutcome({ kind: 'succeeded' }, 'runs/x'),
    headSha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
    runUrl: 'https://github.com/o/r/actions/runs/1',
    recipe: 'recipes/q.yml',
    report: 'report',
    stderrTail: '',
    ...changes,
  };
}
