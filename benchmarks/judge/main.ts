import { execa } from 'execa';
import { markdownTable } from 'markdown-table';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ChartPanel } from '../../src/report/line-chart.ts';
import { sharePlot } from './plot.ts';
import { RULES } from './rules.ts';
import { studyJobs } from './study.ts';
import type { StudyJob, StudyPoint } from './study.ts';

// `npm run bench:judge [-- --quick]`: false alarms and power of the verdict, beside the rules of other tools.
const quick = process.argv.includes('--quick');
const drops = [0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.08];
const sizes = [
  { title: 'Whole splits (37,318 items)', limit: undefined, nullReports: 600, reports: 100 },
  {
    title: 'First 100 items of each task and subject (6,571 items)',
    limit: 100,
    nullReports: 3000,
    reports: 300,
  },
];
const folder = new URL('../results/', import.meta.url);
mkdirSync(folder, { recursive: true });

const shrink = (count: number): number => (quick ? Math.ceil(count / 20) : count);
const jobs = sizes.map(({ limit, nullReports, reports }) =>
  studyJobs({ limit, drops, nullReports: shrink(nullReports), reports: shrink(reports), seed: 20_260_301 }),
);
const points = await inParallel(jobs.flat());
const studies = sizes.map(({ title }, i) => ({
  title,
  points: points.splice(0, jobs[i]!.length),
}));
writeFileSync(
  new URL('judge.json', folder),
  `${JSON.stringify({ schemaVersion: 1, quick, studies }, null, 1)}\n`,
);
writeFileSync(new URL('judge.md', folder), report());
for (const [scenario, file] of [
  ['all tasks', 'judge-all-tasks.svg'],
  ['one task', 'judge-one-task.svg'],
] as const) {
  const panels = studies.map(({ title, points }) => panel(title, points, scenario));
  const where = scenario === 'all tasks' ? 'on every task' : 'on PIQA alone';
  writeFileSync(
    new URL(file, folder),
    sharePlot(`Reports that say “worse”, by points lost ${where}`, panels),
  );
}

/** One process for each job, as many at once as there are cores: the order of the jobs decides nothing. */
async function inParallel(all: readonly StudyJob[]): Promise<StudyPoint[]> {
  const done: StudyPoint[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const index = next++;
      const job = fileURLToPath(new URL('job.ts', import.meta.url));
      const { stdout } = await execa(process.execPath, ['--import', 'tsx', job, JSON.stringify(all[index])]);
      done[index] = JSON.parse(stdout) as StudyPoint;
      process.stderr.write(`${index + 1} of ${all.length}\n`);
    }
  };
  const given = Number(process.argv.find((argument) => argument.startsWith('--jobs='))?.slice(7));
  await Promise.all(Array.from({ length: given || availableParallelism() }, worker));
  return done;
}

function panel(title: string, points: readonly StudyPoint[], scenario: StudyPoint['scenario']): ChartPanel {
  const shown = points.filter((point) => point.drop === 0 || point.scenario === scenario);
  return {
    title,
    curves: RULES.map(({ name, label }) => ({
      label,
      points: shown.map(({ drop, alarms }) => [100 * drop, alarms[name]!] as const),
    })),
  };
}

function report(): string {
  const sections = studies.flatMap(({ title, points }) => [
    `## ${title}`,
    ...(['all tasks', 'one task'] as const).map((scenario) => {
      const shown = points.filter((point) => point.drop === 0 || point.scenario === scenario);
      const head = ['Rule', ...shown.map(({ drop }) => (drop === 0 ? 'identical models' : `−${100 * drop}`))];
      const rows = RULES.map(({ name, label }) => [label, ...shown.map((point) => cell(point, name))]);
      const align = ['l', ...shown.map(() => 'r')];
      const where = scenario === 'all tasks' ? 'every task' : 'PIQA alone';
      return `Points lost on ${where}:\n\n${markdownTable([head, ...rows], { align, alignDelimiters: false })}`;
    }),
  ]);
  return `${[
    '# False alarms and power of the verdict',
    `Share of reports that say “worse” (in parentheses: that say they cannot tell). The column of identical models holds false alarms; their 95 % interval is given. All rules see the same draws. Made by \`npm run bench:judge\`; what is drawn and how stands in \`docs/judgement.md\`.`,
    ...sections,
    '![Points lost on every task](judge-all-tasks.svg)',
    '![Points lost on PIQA alone](judge-one-task.svg)',
  ].join('\n\n')}\n`;
}

function cell({ drop, reports, alarms, undecided }: StudyPoint, name: string): string {
  const share = alarms[name]!;
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const unknown = undecided[name]! > 0 ? ` (${(100 * undecided[name]!).toFixed(0)} %)` : '';
  if (drop > 0) return percent(share) + unknown;
  const [low, high] = wilson(share, reports);
  return `${percent(share)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]${unknown}`;
}

/** Wilson's interval of a share (95 %). */
function wilson(share: number, n: number): [number, number] {
  const z = 1.959964;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const reach = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, centre - reach), Math.min(1, centre + reach)];
}
