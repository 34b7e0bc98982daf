import { markdownTable } from 'markdown-table';
import type { TokenCounts } from './counts.ts';
import { suiteOf } from './jobs.ts';
import type { Job } from './jobs.ts';
import type { MeasuredJob, TheirTime } from './measure.ts';

export interface CountedJob {
  readonly job: Job;
  readonly tokens: TokenCounts;
}

/** A continuous score (mc2) moves with the log-likelihoods; all others are counts. */
const CONTINUOUS = 'truthfulqa_mc2';

export function countTable(counted: readonly CountedJob[]): string {
  const rows = counted.map(({ job, tokens }) => countRow(job.name, tokens));
  const suite = suiteOf(counted).map(({ tokens }) => tokens);
  const sum = (key: 'requests' | 'plain' | 'grouped' | 'computed'): number =>
    suite.reduce((total, tokens) => total + tokens[key], 0);
  const all = {
    ...{ requests: sum('requests'), plain: sum('plain'), grouped: sum('grouped'), computed: sum('computed') },
  };
  return markdownTable(
    [
      ['tasks', 'requests', 'plain', 'lm-eval', 'ours', 'plain / ours', 'lm-eval / ours'],
      ...rows,
      ...(rows.length > 1 ? [countRow('**in all**', all)] : []),
    ],
    { align: ['l', 'r', 'r', 'r', 'r', 'r', 'r'] },
  );
}

function countRow(name: string, tokens: TokenCounts): string[] {
  const { requests, plain, grouped, computed } = tokens;
  return [
    ...[name, ...[requests, plain, grouped, computed].map((count) => count.toLocaleString('en'))],
    ...[(plain / computed).toFixed(2), (grouped / computed).toFixed(2)],
  ];
}

export function timeTable(counted: readonly CountedJob[], measured: readonly MeasuredJob[]): string {
  const rows = measured.map((entry, index) => timeRow(entry, counted[index]!.tokens));
  return markdownTable(
    [
      [
        ...['tasks', 'tokens: plain', 'lm-eval', 'ours', 'seconds: lm-eval', 'ours', 'preparing'],
        ...['lm-eval / ours', 'scores'],
      ],
      ...rows,
      ...(rows.length > 1 ? [sumRow(counted, measured)] : []),
    ],
    { align: ['l', 'r', 'r', 'r', 'r', 'r', 'r', 'r', 'l'] },
  );
}

function timeRow({ job, ours, theirs }: MeasuredJob, tokens: TokenCounts): string[] {
  const best = theirs.reduce<TheirTime | undefined>(
    (least, time) => (least === undefined || time.seconds < least.seconds ? time : least),
    undefined,
  );
  return [
    job.name,
    ...[tokens.plain, tokens.grouped, ours.tokensComputed].map((count) => count.toLocaleString('en')),
    best === undefined ? '–' : `${best.seconds.toFixed(1)} (${best.batchSize})`,
    ...[ours.seconds.toFixed(1), ours.compileSeconds.toFixed(1)],
    best === undefined ? '–' : (best.seconds / ours.seconds).toFixed(2),
    best === undefined ? '–' : agreement(ours.scores, best.scores),
  ];
}

/** The suite, each task once, with the batch size that is best for all of it. */
function sumRow(counted: readonly CountedJob[], measured: readonly MeasuredJob[]): string[] {
  const suite = suiteOf(measured);
  const tokens = suiteOf(counted).map((entry) => entry.tokens);
  const theirTokens = (key: 'plain' | 'grouped'): string =>
    tokens.reduce((sum, counts) => sum + counts[key], 0).toLocaleString('en');
  const own = (key: 'tokensComputed' | 'seconds' | 'compileSeconds'): number =>
    suite.reduce((sum, { ours }) => sum + ours[key], 0);
  const best = bestForAll(suite);
  return [
    ...[
      '**in all**',
      theirTokens('plain'),
      theirTokens('grouped'),
      own('tokensComputed').toLocaleString('en'),
    ],
    best === undefined ? '–' : `${best.seconds.toFixed(1)} (${best.batchSize})`,
    ...[own('seconds').toFixed(1), own('compileSeconds').toFixed(1)],
    best === undefined ? '–' : (best.seconds / own('seconds')).toFixed(2),
    '',
  ];
}

function bestForAll(suite: readonly MeasuredJob[]): { batchSize: number; seconds: number } | undefined {
  const sizes = new Set(suite.flatMap(({ theirs }) => theirs.map(({ batchSize }) => batchSize)));
  const sums = [...sizes].flatMap((batchSize) => {
    const times = suite.flatMap(({ theirs }) => theirs.filter((time) => time.batchSize === batchSize));
    // A size that did not get through everything is not the suite's.
    if (times.length < suite.length) return [];
    return [{ batchSize, seconds: times.reduce((sum, { seconds }) => sum + seconds, 0) }];
  });
  return sums.sort((a, b) => a.seconds - b.seconds)[0];
}

function agreement(ours: Readonly<Record<string, number>>, theirs: Readonly<Record<string, number>>): string {
  const differing = Object.entries(theirs).filter(([name, value]) => {
    const difference = Math.abs((ours[name] ?? Number.NaN) - value);
    return !(difference <= (name === CONTINUOUS ? 1e-3 : 1e-9));
  });
  return differing.length === 0 ? 'equal' : `differ: ${differing.map(([name]) => name).join(', ')}`;
}
