import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InherituneError } from '../errors.ts';
import { growthSummary } from './growth-fields.ts';

/** Of the files in `stages/`; 2: results carry the hash of what the stage made. */
export const STAGE_SCHEMA_VERSION = 2;

/** The recipe as it was written, in a run's folder. */
export const RECIPE_COPY = 'recipe.yml';
/** The record that stages of the run were taken from, in its folder. */
export const BASELINE_COPY = 'baseline.json';

export const stageFile = z.looseObject({
  schemaVersion: z.literal(STAGE_SCHEMA_VERSION),
  inputHash: z.string(),
  seconds: z.number().min(0),
  result: z.record(z.string(), z.unknown()),
  /** The run record that the result was taken from. */
  from: z.string().exactOptional(),
});

const hash = z.string().nullable();

/** `results.json`, as far as a record needs it. */
export const summaryFile = z.looseObject({
  schemaVersion: z.literal(1),
  command: z.string(),
  /** The recipe's file as it was named, whose text is in `recipe.yml`, and the fields that were replaced in it. */
  recipe: z.looseObject({ file: z.string(), overrides: z.array(z.string()) }),
  /** What the stages left, as in a run record. */
  hashes: z.looseObject({
    referenceWeights: hash,
    inheritedWeights: hash,
    tokenStream: hash,
    batchOrder: hash,
    trainedWeights: hash,
  }),
  inherit: z
    .looseObject({ source: z.string(), sourceBlocks: z.number(), blocks: z.array(z.number()) })
    .exactOptional(),
  stages: z.array(
    z.looseObject({ name: z.string(), status: z.enum(['done', 'reused']), seconds: z.number() }),
  ),
  models: z.record(z.string(), z.looseObject({ label: z.string() })),
  /** Of a run of the growing loop. */
  growth: growthSummary.exactOptional(),
  /** Evaluations that the run left to another machine. */
  left: z
    .array(
      z.looseObject({
        model: z.enum(['reference', 'inherited', 'trained']),
        label: z.string(),
        inputHash: z.string(),
        folder: z.string().nullable(),
        validation: z
          .looseObject({ lossNats: z.number(), perplexity: z.number(), tokens: z.number() })
          .nullable(),
      }),
    )
    .exactOptional(),
});

/** Where a stage's file lies in `stages/`. */
export function stageFileName(stage: string): string {
  return `${stage.replaceAll(' ', '-')}.json`;
}

/** Where below a growing run's folder a model of it lies that was trained there. */
export function grownFolder(model: string): string {
  return model.replaceAll(' ', '-');
}

export type StageFile = z.infer<typeof stageFile>;
export type RunSummaryFile = z.infer<typeof summaryFile>;

/** In the order of the run. A stage that is in the folder and not in its report is of an earlier recipe, and none of this run's. */
export async function readStages(
  folder: string,
  reported: readonly { readonly name: string }[],
): Promise<Map<string, StageFile>> {
  const stages = new Map<string, StageFile>();
  for (const { name } of reported)
    stages.set(name, await readRunJson(join(folder, 'stages', stageFileName(name)), stageFile));
  return stages;
}

/** A JSON file of a run, checked. @throws InherituneError `runIncomplete` */
export async function readRunJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw incomplete(file, cause instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read', cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw incomplete(file, `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`, parsed.error);
}

/** The error for a folder that holds no finished run. */
export function incomplete(file: string, why: string, cause?: unknown): InherituneError {
  return new InherituneError(
    'runIncomplete',
    `${file} is not what a finished run leaves: ${why}. Name the folder of a run that ended, or run the recipe again.`,
    { cause },
  );
}
