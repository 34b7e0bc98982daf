import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { JudgedResult } from '../judge/judged-result.ts';
import { lastTarget } from '../judge/growth-result.ts';
import { parseRunResult } from '../report/result-schema.ts';
import { grownFolder, summaryFile } from '../store/run-folder.ts';
import { NOT_A_NUMBER } from './child-outcome.ts';
import type { Outcome } from './outcome-text.ts';

const metric = z.union([z.number(), z.literal('N/A')]);
const task = z.looseObject({
  status: z.enum(['scored', 'unavailable', 'failed']),
  reason: z.string().exactOptional(),
  metrics: z.record(z.string(), metric).exactOptional(),
  docs: z.number().exactOptional(),
});
const summary = z.looseObject({
  models: z.record(z.string(), z.looseObject({ tasks: z.record(z.string(), task) })),
});

/** Tasks by model (or variant), as far as the action looks at them. */
export type TasksByModel = Readonly<Record<string, Readonly<Record<string, z.infer<typeof task>>>>>;

/** The tasks in a run's `results.json`; undefined where the file is not there or is not one. */
export function readRunTasks(folder: string): TasksByModel | undefined {
  try {
    const parsed = summary.safeParse(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')));
    if (!parsed.success) return undefined;
    return Object.fromEntries(Object.entries(parsed.data.models).map(([key, model]) => [key, model.tasks]));
  } catch {
    return undefined;
  }
}

/**
 * Where below its folder a growing run left its last target: nowhere where its training was taken over from a record, for what lies
 * there is then another run's.
 */
export function grownPlaces(folder: string): string[] {
  try {
    const json: unknown = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'));
    const { growth, stages } = summaryFile.parse(json);
    if (growth === undefined) return [];
    const { name } = lastTarget(growth);
    const trained = stages.find((stage) => stage.name === `train ${name}`);
    return trained === undefined || 'from' in trained ? [] : [grownFolder(name)];
  } catch {
    return [];
  }
}

/** The model that a run is judged by: the last one it made. */
export function readJudgedModel(
  folder: string,
): { readonly key: string; readonly result: JudgedResult } | undefined {
  for (const key of ['trained', 'inherited', 'reference']) {
    const file = join(folder, 'results', `${key}.json`);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    return { key, result: parseRunResult(JSON.parse(text), file) };
  }
  return undefined;
}

/**
 * What a run that ended well is missing all the same; undefined for nothing; pure. A task without data on this machine is
 * `unavailable`, which the report names and the comparison with the baseline judges; one that failed has no excuse.
 */
export function findGaps(tasks: TasksByModel | undefined, expectsScores: boolean): Outcome | undefined {
  if (!expectsScores) return undefined;
  const all = Object.entries(tasks ?? {}).flatMap(([model, byName]) =>
    Object.entries(byName).map(([name, each]) => ({ model, name, ...each })),
  );
  const failed = all.filter(({ status }) => status === 'failed');
  const broken = failed.find(({ reason }) => NOT_A_NUMBER.test(reason ?? ''));
  if (broken !== undefined)
    return { kind: 'notANumber', message: `${broken.model}: ${broken.reason ?? ''}.` };
  if (!all.some(({ status }) => status === 'scored')) {
    return {
      kind: 'empty',
      message:
        'The run ended without an error but scored no task. Look at the reasons in the report: most often the data folder is empty or evaluate.tasks names tasks without data.',
    };
  }
  if (failed.length === 0) return undefined;
  return {
    kind: 'partlyMissing',
    missing: failed.map(({ model, name, reason }) => `${name} of ${model} (${reason ?? 'failed'})`),
  };
}

/** The output `scores`. */
export function scoresJson(tasks: TasksByModel): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(tasks).map(([model, byName]) => [
        model,
        Object.fromEntries(
          Object.entries(byName).map(([name, { status, metrics, docs, reason }]) => [
            name,
            status === 'scored' ? { status, docs, metrics } : { status, reason },
          ]),
        ),
      ]),
    ),
  );
}
