import { z } from 'zod';
import { InherituneError } from '../errors.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import type { JudgedResult } from '../judge/judged-result.ts';

/** A record on disk that cannot be read as what it should be. */
export class RecordError extends InherituneError {}

/** Faults printed at once: the first ones name the cause, a thousand items repeat it. */
const FAULTS_SHOWN = 5;

/** What `inheritune evaluate` writes. Fields that a later version adds are let through; those it needs must be there. */
const number = z.number();
const share = number.min(0).max(1);
const wholeNumber = number.int().min(0);
const standardError = z.union([number.min(0), z.literal('N/A')]);

const item = z.looseObject({
  id: z.string().min(1),
  cluster: z.string().exactOptional(),
  loglikelihoods: z.array(number).min(1),
  greedy: z.array(z.boolean()),
  gold: z.union([wholeNumber, z.array(number)]),
  scores: z.record(z.string(), number),
});

/** What a run record keeps of an item. */
const recordedItem = z.looseObject({
  id: z.string().min(1),
  cluster: z.string().exactOptional(),
  scores: z.record(z.string(), number),
});

/** What results and records say of a task that was scored. */
export const scoredFields = z.looseObject({
  status: z.literal('scored'),
  metrics: z.record(z.string(), z.union([number, z.literal('N/A')])),
  baselines: z.looseObject({ uniform: share, constant: share.nullable() }),
  docs: wholeNumber.min(1),
  version: number,
  fewShot: wholeNumber,
  itemSetHash: z.string().min(1),
  truncatedItems: wholeNumber,
});

const allItems: [
  (task: { readonly items: readonly unknown[]; readonly docs: number }) => boolean,
  { path: string[]; error: string },
] = [
  (task) => task.items.length === task.docs,
  { path: ['items'], error: 'holds another number of items than "docs" says' },
];
const scoredTask = scoredFields.extend({ items: z.array(item).min(1) }).refine(...allItems);
const recordedTask = scoredFields
  .extend({ items: z.array(recordedItem).min(1), answersHash: z.string().min(1) })
  .refine(...allItems);
export const unscoredTask = z.looseObject({
  status: z.enum(['unavailable', 'failed']),
  reason: z.string().min(1),
});
const task = z.discriminatedUnion('status', [scoredTask, unscoredTask]);

const group = z.looseObject({
  acc: share,
  acc_stderr: standardError,
  macro_acc: share,
  docs: wholeNumber.min(1),
  tasks: z.array(z.string()).min(1),
  missing: z.array(z.string()),
});

const evaluationResult = z.looseObject({
  schemaVersion: z.literal(1),
  model: z.string().min(1),
  parameters: wholeNumber,
  limit: number.nullable(),
  tasks: z.record(z.string(), task).refine((tasks) => Object.keys(tasks).length > 0, 'holds no task'),
  groups: z.record(z.string(), group),
  validation: z.looseObject({ lossNats: number, perplexity: number, tokens: wholeNumber }).exactOptional(),
  environment: z.record(z.string(), z.union([z.string(), number])),
  seconds: number.min(0),
  tokensComputed: wholeNumber,
});

const recordedResult = evaluationResult.extend({
  tasks: z.record(z.string(), z.discriminatedUnion('status', [recordedTask, unscoredTask])),
});

/**
 * An evaluation result from parsed JSON. A number that was NaN or infinite is `null` in JSON and is refused like any other
 * wrong value: a broken baseline is an error, never an empty one.
 * @param json what `JSON.parse` gave for the file
 * @param fileName as the user named it, for the message
 * @throws RecordError naming the file, the fields and what was expected there (exit code 2)
 */
export function parseEvaluationResult(json: unknown, fileName: string): EvaluationResult {
  const parsed = evaluationResult.safeParse(json);
  if (parsed.success) return parsed.data as EvaluationResult;
  throw unreadable(parsed.error, fileName);
}

/**
 * As `parseEvaluationResult`, for the results of a run: those that a run took over from a record have no log-likelihoods.
 * @throws RecordError
 */
export function parseRunResult(json: unknown, fileName: string): JudgedResult {
  const isRecorded = Object.values(tasksOf(json)).some((one) => one?.answersHash !== undefined);
  if (!isRecorded) return parseEvaluationResult(json, fileName);
  const parsed = recordedResult.safeParse(json);
  if (parsed.success) return parsed.data as JudgedResult;
  throw unreadable(parsed.error, fileName);
}

function tasksOf(json: unknown): Readonly<Record<string, { readonly answersHash?: unknown } | null>> {
  return (json as { readonly tasks?: Record<string, { answersHash?: unknown }> } | null)?.tasks ?? {};
}

function unreadable(error: z.ZodError, fileName: string): RecordError {
  const faults = error.issues.map(({ path, message }) => `${fieldName(path)}: ${message}`);
  const more = faults.length > FAULTS_SHOWN ? `; and ${faults.length - FAULTS_SHOWN} more` : '';
  return new RecordError(
    'recordUnreadable',
    `${fileName} is not an evaluation result: ${faults.slice(0, FAULTS_SHOWN).join('; ')}${more}. ` +
      'Write it again with "inheritune evaluate --out FILE", or name another file.',
    { cause: error },
  );
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the whole file';
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    return name === '' ? String(key) : `${name}.${String(key)}`;
  }, '');
}
