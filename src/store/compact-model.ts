import { createHash } from 'node:crypto';
import type { JudgedItem, JudgedResult, JudgedTask } from '../judge/judged-result.ts';
import type { ItemSets, RecordedModel, RecordedTask } from './run-record.ts';

/** 48 bits tell the 14,042 items of MMLU apart with a chance of collision of 4e-7, at a fifth of the size. */
const ID_CHARACTERS = 12;

/** Digits kept of what is shown and never judged; reports print three decimals. */
const DIGITS = 6;

/** Shown and never judged: kept for the model that comparisons are about. */
const SIGNALS: readonly string[] = ['margin', 'bits_per_byte'];

/** Fields of a result that older ones lack. */
const ORIGIN: readonly string[] = ['protocol', 'protocolScores', 'data'];

type ScoredTask = Extract<JudgedTask, { status: 'scored' }>;

/**
 * What a record keeps of an evaluated model: scores by item, without log-likelihoods. The ids go to `itemSets`, which the
 * models of one record share. 37,000 items (the nine datasets and MMLU) take about 0.9 MB.
 */
export function compactModel(
  result: JudgedResult,
  label: string,
  itemSets: ItemSets,
  { margins }: { readonly margins: boolean },
): RecordedModel {
  const tasks: Record<string, RecordedTask> = {};
  for (const [name, task] of Object.entries(result.tasks)) {
    if (task.status !== 'scored') {
      tasks[name] = { status: task.status, reason: task.reason };
      continue;
    }
    const { items, ...rest } = task;
    itemSets[task.itemSetHash] ??= {
      ...{ ids: joinedIds(items), clusters: joinedClusters(items), golds: joinedGolds(items) },
    };
    const names = [...new Set(items.flatMap((item) => Object.keys(item.scores)))].filter(
      (score) =>
        (margins || !SIGNALS.includes(score)) && items.every((item) => Number.isFinite(item.scores[score])),
    );
    tasks[name] = {
      ...rest,
      metrics: { ...task.metrics },
      baselines: { ...task.baselines },
      answersHash: task.answersHash ?? answersHash(items),
      scores: Object.fromEntries(
        names.map((score) => [
          score,
          compactScores(
            items.map((item) => item.scores[score] ?? Number.NaN),
            score,
          ),
        ]),
      ),
    };
  }
  const groups = structuredClone(result.groups) as RecordedModel['groups'];
  return {
    ...{ label, model: result.model, parameters: result.parameters, limit: result.limit, tasks, groups },
    ...origin(result),
    validation: result.validation === undefined ? null : { ...result.validation },
    environment: { ...result.environment },
    ...{ seconds: result.seconds, tokensComputed: result.tokensComputed },
  };
}

/** A recorded model as the judge takes it. */
export function expandModel(model: RecordedModel, itemSets: ItemSets): JudgedResult {
  const { tasks, validation, ...rest } = model;
  return {
    schemaVersion: 1,
    ...{ model: rest.model, parameters: rest.parameters, limit: rest.limit, groups: rest.groups },
    ...origin(rest),
    ...{ environment: rest.environment, seconds: rest.seconds, tokensComputed: rest.tokensComputed },
    ...(validation === null ? {} : { validation }),
    tasks: Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        name,
        task.status === 'scored' ? expandTask(task, itemSets) : task,
      ]),
    ),
  };
}

/** An evaluation result as if it had come out of a record, so that the two can be compared. */
export function asRecorded(result: JudgedResult): JudgedResult {
  const itemSets: ItemSets = {};
  return expandModel(compactModel(result, result.model, itemSets, { margins: true }), itemSets);
}

/** Results that can be compared with each other: a record keeps less of an item than an evaluation does. */
export function inOneForm<T extends readonly JudgedResult[]>(results: T): { [K in keyof T]: JudgedResult } {
  const isRecorded = ({ tasks }: JudgedResult): boolean =>
    Object.values(tasks).some((task) => task.status === 'scored' && task.answersHash !== undefined);
  const all = results.some(isRecorded) ? results.map(asRecorded) : results;
  return all as { [K in keyof T]: JudgedResult };
}

/** By whose definitions and on which rows a model was evaluated, as far as the result says so. */
function origin(
  from: Readonly<Record<string, unknown>> | JudgedResult,
): Pick<JudgedResult, 'protocol' | 'protocolScores' | 'data'> {
  const fields = Object.entries(from).filter(([name]) => ORIGIN.includes(name));
  return Object.fromEntries(fields);
}

function expandTask(task: Extract<RecordedTask, { status: 'scored' }>, itemSets: ItemSets): ScoredTask {
  const { scores, ...rest } = task;
  const set = itemSets[task.itemSetHash];
  const clusters = set?.clusters?.split(' ');
  const golds = set?.golds?.split(' ');
  const items = (set?.ids.split(' ') ?? []).map((id, i): JudgedItem => {
    const cluster = clusters?.[i];
    const gold = golds?.[i];
    return {
      id,
      scores: Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, Number(values[i])])),
      ...(cluster === undefined ? {} : { cluster }),
      ...(gold === undefined ? {} : { gold: Number(gold) }),
    };
  });
  return { ...rest, items };
}

function compactScores(values: readonly number[], name: string): string | number[] {
  return values.every((value) => value === 0 || value === 1)
    ? values.join('')
    : values.map((value) => (SIGNALS.includes(name) ? Number(value.toPrecision(DIGITS)) : value));
}

function joinedIds(items: readonly JudgedItem[]): string {
  return items.map((item) => item.id.slice(0, ID_CHARACTERS).replace(/\s/g, '_')).join(' ');
}

/** Clusters by number, in the order of their first item; null where no item has one. */
function joinedClusters(items: readonly JudgedItem[]): string | null {
  if (items.every((item) => item.cluster === undefined)) return null;
  const numbers = new Map<string, number>();
  const numberOf = (key: string): number => {
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key) ?? 0;
  };
  return items.map((item) => numberOf(item.cluster ?? `item ${item.id}`)).join(' ');
}

/** Null where an item has no single right choice. */
function joinedGolds(items: readonly JudgedItem[]): string | null {
  return items.every(({ gold }) => typeof gold === 'number') ? items.map(({ gold }) => gold).join(' ') : null;
}

function answersHash(items: readonly JudgedItem[]): string {
  const sha256 = createHash('sha256');
  for (const { loglikelihoods = [] } of items)
    sha256.update(new Uint8Array(new Float64Array(loglikelihoods).buffer));
  return sha256.digest('hex');
}
