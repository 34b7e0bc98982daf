import { seededBits, uniform } from '../../src/judge/seeded-random.ts';
import { drawModel, drawPopulation, taskMeans } from './draw.ts';
import type { Drop, Population } from './draw.ts';
import { RULES } from './rules.ts';
import type { Rule } from './rules.ts';

export interface StudyOptions {
  /** Items per task and MMLU subject; undefined for the whole splits. */
  readonly limit: number | undefined;
  /** Reports of identical models. */
  readonly nullReports: number;
  /** Reports at each drop. */
  readonly reports: number;
  /** Points lost, as fractions; by all tasks at once, or by PIQA alone. */
  readonly drops: readonly number[];
  readonly seed: number;
}

export interface StudyPoint {
  readonly scenario: 'all tasks' | 'one task';
  readonly drop: number;
  readonly reports: number;
  /** By rule: share of reports with an alarm, and of those that say they cannot tell. */
  readonly alarms: Readonly<Record<string, number>>;
  readonly undecided: Readonly<Record<string, number>>;
}

/** Earlier models whose means rules on history draw from. */
const HISTORY_POOL = 60;
const HISTORY_LENGTH = 10;

/** One point of a study; every point draws from the same items with random numbers of its own. */
export interface StudyJob {
  readonly limit: number | undefined;
  readonly scenario: StudyPoint['scenario'];
  readonly drop: number;
  readonly reports: number;
  readonly populationSeed: number;
  readonly seed: number;
}

/** The jobs of a study: identical models first, then each drop on all tasks, then on one. */
export function studyJobs(options: StudyOptions): StudyJob[] {
  const { limit, nullReports, reports, drops, seed } = options;
  const points = [
    { scenario: 'all tasks', drop: 0, reports: nullReports } as const,
    ...drops.map((drop) => ({ scenario: 'all tasks', drop, reports }) as const),
    ...drops.map((drop) => ({ scenario: 'one task', drop, reports }) as const),
  ];
  return points.map((point, i) => ({ ...point, limit, populationSeed: seed, seed: seed + 1 + i }));
}

/** All rules see the same draws. */
export function runJob(job: StudyJob, rules: readonly Rule[] = RULES): StudyPoint {
  const { scenario, drop, reports } = job;
  const population = drawPopulation(job.limit, job.populationSeed);
  const bits = seededBits(job.seed);
  const pool = Array.from({ length: HISTORY_POOL }, () => taskMeans(drawModel(population, () => 0, bits)));
  const lost: Drop = (group) => (scenario === 'all tasks' || group === 'piqa' ? drop : 0);
  return { scenario, drop, reports, ...count(population, pool, lost, reports, bits, rules) };
}

/** The first point has no drop: its alarms are false ones. */
export function runStudy(options: StudyOptions): StudyPoint[] {
  return studyJobs(options).map((job) => runJob(job));
}

function count(
  population: Population,
  pool: readonly ReadonlyMap<string, { mean: number }>[],
  lost: Drop,
  reports: number,
  bits: () => number,
  rules: readonly Rule[],
): Pick<StudyPoint, 'alarms' | 'undecided'> {
  const alarms: Record<string, number> = {};
  const undecided: Record<string, number> = {};
  for (const { name } of rules) alarms[name] = undecided[name] = 0;
  for (let report = 0; report < reports; report++) {
    const base = drawModel(population, () => 0, bits);
    const head = drawModel(population, lost, bits);
    const earlier = Array.from(
      { length: HISTORY_LENGTH },
      () => pool[Math.floor(uniform(bits) * pool.length)]!,
    );
    const history = new Map(
      [...earlier[0]!.keys()].map((task) => [task, earlier.map((means) => means.get(task)!.mean)]),
    );
    const draw = { base, head, history, seed: report };
    for (const { name, decide } of rules) {
      const decision = decide(draw);
      if (decision === 'alarm') alarms[name]!++;
      if (decision === 'undecided') undecided[name]!++;
    }
  }
  const shares = (counts: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / reports]));
  return { alarms: shares(alarms), undecided: shares(undecided) };
}
