import type { z } from 'zod';
import type { Metric } from '../metrics.ts';

/**
 * One row as a multiple-choice question. Either the model chooses how one context goes on, or (`contexts`) the choices
 * stand inside the sentence and the same ending is scored after each: "partial scoring" of Trinh and Le, 2018.
 * A request's continuation is the task's delimiter (one space in all built-in tasks) + the text given here.
 */
export type Question = ContinuationQuestion | ContextQuestion;

export interface ContinuationQuestion {
  readonly kind: 'continuations';
  readonly context: string;
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly gold: number;
  /** 1 for every true choice, where more than one may be true (TruthfulQA mc2). */
  readonly labels?: readonly number[];
  /** The part of the row that other rows may have too: questions on one passage are not independent. */
  readonly sharedText?: string;
}

export interface ContextQuestion {
  readonly kind: 'contexts';
  readonly contexts: readonly string[];
  readonly continuation: string;
  readonly gold: number;
  readonly sharedText?: never;
}

/** Where solved examples come from and how they are drawn. */
export interface FewShotRule {
  /** How many when nothing is asked for. */
  readonly shots: number;
  /** True where the task stays at `shots` whatever is asked for. */
  readonly fixed: boolean;
  /** The file (and hub split) of the examples; `scored` takes them from the scored rows themselves. */
  readonly pool: 'train' | 'dev' | 'scored';
  /**
   * `first`: the first k rows, in order. `random`: k at random. `random-other`: k + 1 at random, rows equal to the
   * question dropped, the first k kept. Which one lm-eval takes follows from its task files (docs: few-shot.ts).
   */
  readonly draw: 'first' | 'random' | 'random-other';
}

export interface HubSource {
  readonly dataset: string;
  readonly config: string | null;
  readonly split: string;
}

/** What one file in this folder says about its dataset. */
export interface TaskDefinition<Row> {
  readonly name: string;
  /** lm-eval's task version: results of different versions are not comparable. */
  readonly version: number;
  /** Rows are in `<file>.jsonl` (or in `<name>.jsonl`), few-shot rows in `<file>.train.jsonl` or `<file>.dev.jsonl`. */
  readonly file: string;
  /** True where `<name>.jsonl` holds other rows, so that only `<file>.jsonl` will do. */
  readonly exactFile?: boolean;
  readonly hub: HubSource;
  readonly row: z.ZodType<Row>;
  readonly question: (row: Row) => Question;
  /** Stands once at the top of every prompt. */
  readonly description?: string;
  /** Stands between context and continuation; one space unless given. */
  readonly delimiter?: string;
  /** True where the right choice stands first in every row (TruthfulQA), so that its place says nothing of a model. */
  readonly rightFirst?: true;
  readonly metrics: readonly Metric[];
  readonly fewShot: FewShotRule;
}

/** A dataset ready to be read: its row type is hidden behind `read`, so that all tasks have one type. */
export interface Task extends Omit<TaskDefinition<never>, 'row' | 'question'> {
  /** A parsed JSON line as a question, or what is wrong with it. */
  readonly read: (
    value: unknown,
  ) => { readonly question: Question } | { readonly problems: z.core.$ZodIssue[] };
}

/** Most tasks of the nine: nothing by default, examples from the train split on request. */
export const FROM_TRAIN: FewShotRule = { shots: 0, fixed: false, pool: 'train', draw: 'random-other' };

export function defineTask<Row>({ row, question, ...rest }: TaskDefinition<Row>): Task {
  return {
    ...rest,
    read: (value) => {
      const parsed = row.safeParse(value);
      return parsed.success ? { question: question(parsed.data) } : { problems: parsed.error.issues };
    },
  };
}
