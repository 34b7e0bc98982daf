import type { EvaluationResult, TaskResult } from '../evaluate/result.ts';

/** What judging needs of an item; a run record keeps no more than this. */
export interface JudgedItem {
  readonly id: string;
  readonly scores: Readonly<Record<string, number>>;
  readonly loglikelihoods?: readonly number[];
  /** Index of the right choice; absent where several are right, or where it was not kept. */
  readonly gold?: number | readonly number[];
  /** Equal for items that are not independent, such as questions on one passage. */
  readonly cluster?: string;
}

export type JudgedTask =
  | (Omit<Extract<TaskResult, { status: 'scored' }>, 'items'> & {
      readonly items: readonly JudgedItem[];
      /** Hash of every log-likelihood, where the items themselves no longer have them. */
      readonly answersHash?: string;
    })
  | Extract<TaskResult, { status: 'unavailable' | 'failed' }>;

/** An evaluation result, or what a run record keeps of one. */
export type JudgedResult = Omit<EvaluationResult, 'tasks'> & {
  readonly tasks: Readonly<Record<string, JudgedTask>>;
};
