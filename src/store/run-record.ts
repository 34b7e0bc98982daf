import { z } from 'zod';
import { scoredFields, unscoredTask } from '../report/result-schema.ts';
import { growth } from './growth-fields.ts';
import { hash, lossPoint, number, training, wholeNumber } from './record-fields.ts';
import { StoreError } from './store-error.ts';

/** Faults printed at once: the first ones name the cause. */
const FAULTS_SHOWN = 5;

const share = number.min(0).max(1);

/** 0/1 scores as one character each ("0110"), all others as numbers; in the order of the item set. */
const itemScores = z.union([z.string().regex(/^[01]+$/), z.array(number).min(1)]);

const scoredTask = scoredFields.extend({
  /** sha256 of every log-likelihood: equal only where both models gave the same answers to the last bit. */
  answersHash: hash,
  scores: z.record(z.string(), itemScores),
});

const task = z.discriminatedUnion('status', [scoredTask, unscoredTask]);

const model = z.looseObject({
  label: z.string(),
  model: z.string().min(1),
  parameters: wholeNumber,
  limit: number.nullable(),
  tasks: z.record(z.string(), task),
  groups: z.record(
    z.string(),
    z.looseObject({
      acc: share,
      acc_stderr: z.union([number.min(0), z.literal('N/A')]),
      macro_acc: share,
      docs: wholeNumber.min(1),
      tasks: z.array(z.string()).min(1),
      missing: z.array(z.string()),
    }),
  ),
  validation: z.looseObject({ lossNats: number, perplexity: number, tokens: wholeNumber }).nullable(),
  environment: z.record(z.string(), z.union([z.string(), number])),
  seconds: number.min(0),
  tokensComputed: wholeNumber,
});

/** Ids once per item set, however many models were evaluated on it: separated by spaces, as are clusters and right choices. */
const itemSet = z.looseObject({
  ids: z.string().min(1),
  clusters: z.string().nullable(),
  golds: z.string().nullable().exactOptional(),
});

const runRecord = z.looseObject({
  schemaVersion: z.literal(1),
  kind: z.literal('run'),
  /** The recipe's name: records of one recipe are each other's history. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
  createdAt: z.iso.datetime(),
  /** Full commit id of the checkout that was run; null outside of a repository. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable(),
  command: z.string(),
  recipe: z.record(z.string(), z.unknown()),
  recipeHash: hash,
  /** The same without the seeds: runs in which it is equal differ by chance only. */
  designHash: hash,
  seeds: z.looseObject({
    inherit: number.nullable(),
    data: number.nullable(),
    train: number.nullable(),
  }),
  /** What each stage was given, by its name. */
  stageInputs: z.record(z.string(), hash),
  /** What each stage told later ones, such as the hash of the weights it made: with equal inputs a later run can go on from it. */
  stageResults: z
    .record(z.string(), z.looseObject({ seconds: number.min(0), result: z.record(z.string(), z.unknown()) }))
    .exactOptional(),
  /** What each stage left; null where the run had no such stage. */
  hashes: z.looseObject({
    referenceWeights: hash.nullable(),
    inheritedWeights: hash.nullable(),
    tokenStream: hash.nullable(),
    batchOrder: hash.nullable(),
    /** Training loss (nats) at steps 1, 10 and the last, as far as the run went. */
    lossAtSteps: z.array(lossPoint),
    trainedWeights: hash.nullable(),
    /** By model. */
    itemScores: z.record(z.string(), hash),
  }),
  environment: z.record(z.string(), z.union([z.string(), number])),
  cost: z.looseObject({
    gpuMinutes: number.min(0),
    minutes: number.min(0),
    trainedTokens: wholeNumber,
    evaluatedTokens: wholeNumber,
    /** Null: not measured. */
    peakMemoryBytes: wholeNumber.nullable(),
    trainTokensPerSecond: number.min(0).nullable(),
  }),
  /** Stages that were taken over and cost nothing. */
  reusedStages: z.array(z.string()),
  /** Of those, the stages that were taken from another run's record, with its path in the store. */
  reusedFrom: z.record(z.string(), z.string()).exactOptional(),
  /** Of a growing run that of its last target. */
  training: training.nullable(),
  inheritance: z
    .looseObject({ source: z.string(), sourceBlocks: wholeNumber, blocks: z.array(wholeNumber) })
    .nullable(),
  /** Of a run of the growing loop, which has no `models` with scores. */
  growth: growth.exactOptional(),
  itemSets: z.record(z.string(), itemSet),
  models: z.record(z.string(), model),
});

/** One finished run: immutable, and enough to judge a later run against it. */
export type RunRecord = z.infer<typeof runRecord>;
export type RecordedModel = RunRecord['models'][string];
export type RecordedTask = RecordedModel['tasks'][string];
export type ItemSets = RunRecord['itemSets'];

/** The record of a run of the growing loop. */
export type GrownRecord = RunRecord & { growth: NonNullable<RunRecord['growth']> };

export function isGrown(record: RunRecord | undefined): record is GrownRecord {
  return record?.growth !== undefined;
}

/** Whether parsed JSON claims to be a run record; whether it is one says `parseRunRecord`. */
export function claimsToBeRunRecord(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'kind' in json && json.kind === 'run';
}

/**
 * A run record from the text of a file. Whatever is not one is an error and never an empty baseline.
 * @param name as the reader knows the file, for the message
 * @throws StoreError `baselineUnreadable` (exit code 2)
 */
export function parseRunRecord(text: string, name: string): RunRecord {
  const parsed = runRecord.safeParse(parseJson(text, name));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the record'}: ${message}`,
    );
    const more = faults.length > FAULTS_SHOWN ? `; and ${faults.length - FAULTS_SHOWN} more` : '';
    throw unreadable(name, `${faults.slice(0, FAULTS_SHOWN).join('; ')}${more}`, parsed.error);
  }
  const problem = inconsistency(parsed.data);
  if (problem !== undefined) throw unreadable(name, problem);
  return parsed.data;
}

/** The record as it is stored: one line, for nobody edits it. */
export function runRecordText(record: RunRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw unreadable(name, `it is not JSON (${text.length} characters)`, cause);
  }
}

function unreadable(name: string, why: string, cause?: unknown): StoreError {
  return new StoreError(
    'baselineUnreadable',
    `Baseline unreadable: ${name} is not a run record: ${why}. Nothing was written; restore the file from the store's history, or remove it on purpose.`,
    { cause },
  );
}

/** Lists that belong together must be equally long, or scores would be given to other items. */
function inconsistency({ models, itemSets }: RunRecord): string | undefined {
  for (const [key, { tasks }] of Object.entries(models)) {
    for (const [name, task] of Object.entries(tasks)) {
      if (task.status !== 'scored') continue;
      const where = `models.${key}.tasks.${name}`;
      const set = itemSets[task.itemSetHash];
      if (set === undefined) return `${where}: its item set is not in the record`;
      for (const field of ['ids', 'clusters', 'golds'] as const) {
        const list = set[field] ?? null;
        if (list !== null && list.split(' ').length !== task.docs)
          return `${where}: "docs" differs from the number of ${field}`;
      }
      const broken = Object.entries(task.scores).find(([, scores]) => scores.length !== task.docs);
      if (broken !== undefined)
        return `${where}.scores.${broken[0]}: "docs" differs from the number of scores`;
    }
  }
  return undefined;
}
