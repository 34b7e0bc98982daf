import type { JudgedItem, JudgedResult, JudgedTask } from '../../src/judge/judged-result.ts';
import { seededBits, uniform } from '../../src/judge/seeded-random.ts';
import type { RandomBits } from '../../src/judge/seeded-random.ts';

/** A task as the study draws it: size and passages of the real evaluation split, mean score of the paper's small model. */
export interface StudyTask {
  readonly name: string;
  readonly items: number;
  /** Distinct passages, premises or sentences in the split. */
  readonly clusters: number;
  readonly mean: number;
  readonly continuous?: boolean;
}

/** Counted in the splits; means from Table 3 of arXiv 2404.08634v1. */
export const STUDY_TASKS: readonly StudyTask[] = [
  { name: 'wsc', items: 104, clusters: 41, mean: 0.5096 },
  { name: 'piqa', items: 1838, clusters: 1838, mean: 0.5647 },
  { name: 'boolq', items: 3270, clusters: 2939, mean: 0.6168 },
  { name: 'winogrande', items: 1267, clusters: 1267, mean: 0.5169 },
  { name: 'logiqa', items: 651, clusters: 557, mean: 0.2519 },
  { name: 'wnli', items: 71, clusters: 64, mean: 0.4366 },
  { name: 'qnli', items: 5463, clusters: 3911, mean: 0.4941 },
  { name: 'mnli', items: 9815, clusters: 3334, mean: 0.3442 },
  { name: 'truthfulqa_mc2', items: 817, clusters: 817, mean: 0.4861, continuous: true },
];

/** MMLU: 14,042 questions in 57 subjects, here of equal size. */
const SUBJECTS = 57;
const SUBJECT_ITEMS = 246;
const MMLU_MEAN = 0.2567;

/**
 * How alike two equally good models answer: an item's chance of a right answer is drawn once from a Beta distribution of this
 * concentration, so that their answers correlate by 1 / (1 + concentration) = 0.5. Seeds of one recipe are more alike.
 */
const CONCENTRATION = 1;

/** Standard deviation of what a model is better or worse at on all items of one passage or subject. */
const CLUSTER_DEVIATION = 0.03;

export interface Population {
  readonly tasks: readonly PopulationTask[];
  /** First N items of every task and subject; undefined for all. */
  readonly limit: number | undefined;
}

interface PopulationTask {
  readonly name: string;
  readonly group: string;
  readonly mean: number;
  readonly continuous: boolean;
  readonly chances: Float64Array;
  readonly clusterOf: Int32Array;
  readonly ids: readonly string[];
}

/** The items that all models of a study answer. */
export function drawPopulation(limit: number | undefined, seed: number): Population {
  const bits = seededBits(seed);
  const subjects = Array.from({ length: SUBJECTS }, (_, i) => ({
    ...{ name: `mmlu_subject_${i}`, items: SUBJECT_ITEMS, clusters: SUBJECT_ITEMS, mean: MMLU_MEAN },
  }));
  const tasks = [...STUDY_TASKS, ...subjects].map((task: StudyTask): PopulationTask => {
    const n = Math.min(task.items, limit ?? Infinity);
    const shared = task.clusters / task.items;
    return {
      name: task.name,
      group: task.name.startsWith('mmlu') ? 'mmlu' : task.name,
      mean: task.mean,
      continuous: task.continuous ?? false,
      chances: Float64Array.from({ length: n }, () =>
        beta(task.mean * CONCENTRATION, (1 - task.mean) * CONCENTRATION, bits),
      ),
      clusterOf: Int32Array.from({ length: n }, (_, i) => Math.floor(i * shared)),
      ids: Array.from({ length: n }, (_, i) => String(i)),
    };
  });
  return { tasks, limit };
}

/** Points lost on average by task or group, as fractions. */
export type Drop = (group: string) => number;

/** One model's answers. Without a drop it is as good as every other such model. */
export function drawModel(population: Population, drop: Drop, bits: RandomBits): JudgedResult {
  const tasks: Record<string, JudgedTask> = {};
  for (const task of population.tasks) {
    const factor = 1 - drop(task.group) / task.mean;
    const isSubject = task.group === 'mmlu';
    const subjectShift = isSubject ? CLUSTER_DEVIATION * normal(bits) : 0;
    let cluster = -1;
    let shift = 0;
    const items = task.ids.map((id, i): JudgedItem => {
      const itsCluster = task.clusterOf[i]!;
      if (itsCluster !== cluster) {
        cluster = itsCluster;
        shift = isSubject ? subjectShift : CLUSTER_DEVIATION * normal(bits);
      }
      // A shift that is cut at 0 or 1 would no longer be fair: it is as large as there is room on both sides.
      const chance = task.chances[i]! * factor;
      const room = Math.min(chance, 1 - chance);
      const fair = chance + Math.max(-room, Math.min(room, shift));
      const acc = task.continuous ? (2 * fair + uniform(bits)) / 3 : Number(uniform(bits) < fair);
      const clustered = task.clusterOf.length > 0 && !isSubject;
      return clustered ? { id, scores: { acc }, cluster: String(itsCluster) } : { id, scores: { acc } };
    });
    tasks[task.name] = scored(task.name, items);
  }
  const subjects = Object.keys(tasks).filter((name) => name.startsWith('mmlu'));
  const group = { acc: 0, acc_stderr: 'N/A', macro_acc: 0, docs: 1, tasks: subjects, missing: [] } as const;
  return {
    schemaVersion: 1,
    ...{ model: 'simulated', parameters: 0, limit: population.limit ?? null, tasks },
    groups: { mmlu: group },
    environment: { device: 'simulated', driver: 'none', precision: 'float32' },
    ...{ seconds: 0, tokensComputed: 0 },
  };
}

/** Mean and standard error of each of the ten tasks, MMLU by question: what rules without pairs go by. */
export function taskMeans(result: JudgedResult): Map<string, { mean: number; standardError: number }> {
  const scores = new Map<string, number[]>();
  for (const [name, task] of Object.entries(result.tasks)) {
    if (task.status !== 'scored') continue;
    const group = name.startsWith('mmlu') ? 'mmlu' : name;
    const list = scores.get(group) ?? [];
    for (const item of task.items) list.push(item.scores['acc']!);
    scores.set(group, list);
  }
  return new Map([...scores].map(([name, list]) => [name, moments(list)]));
}

function moments(values: readonly number[]): { mean: number; standardError: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) };
}

function scored(name: string, items: readonly JudgedItem[]): JudgedTask {
  return {
    status: 'scored',
    metrics: {},
    baselines: { uniform: 0, constant: null },
    ...{ docs: items.length, version: 1, fewShot: 0, itemSetHash: name, truncatedItems: 0, items },
  };
}

function normal(bits: RandomBits): number {
  return Math.sqrt(-2 * Math.log(1 - uniform(bits))) * Math.cos(2 * Math.PI * uniform(bits));
}

/** Jöhnk's method: exact for any parameters, and quick for those below 1. */
function beta(a: number, b: number, bits: RandomBits): number {
  for (;;) {
    const x = (1 - uniform(bits)) ** (1 / a);
    const y = (1 - uniform(bits)) ** (1 / b);
    if (x + y <= 1 && x + y > 0) return x / (x + y);
  }
}
