import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InherituneError } from '../errors.ts';

const stageFile = z.looseObject({
  schemaVersion: z.literal(1),
  inputHash: z.string(),
  seconds: z.number().min(0),
  result: z.record(z.string(), z.unknown()),
});

/** `results.json`, as far as a record needs it. */
export const summaryFile = z.looseObject({
  schemaVersion: z.literal(1),
  command: z.string(),
  inherit: z
    .looseObject({ source: z.string(), sourceBlocks: z.number(), blocks: z.array(z.number()) })
    .exactOptional(),
  stages: z.array(
    z.looseObject({ name: z.string(), status: z.enum(['done', 'reused']), seconds: z.number() }),
  ),
  models: z.record(z.string(), z.looseObject({ label: z.string() })),
});

export type StageFile = z.infer<typeof stageFile>;
export type RunSummaryFile = z.infer<typeof summaryFile>;

/** In the order of the run. A stage that is in the folder and not in its report is of an earlier recipe, and none of this run's. */
export async function readStages(
  folder: string,
  reported: readonly { readonly name: string }[],
): Promise<Map<string, StageFile>> {
  const stages = new Map<string, StageFile>();
  for (const { name } of reported)
    stages.set(
      name,
      await readRunJson(join(folder, 'stages', `${name.replaceAll(' ', '-')}.json`), stageFile),
    );
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
