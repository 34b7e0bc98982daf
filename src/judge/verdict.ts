import type { ValidationComparison } from './validation-comparison.ts';
import type { ComparedTask } from './task-comparison.ts';

/** A significant drop that is not shown to be within the accepted one. */
interface Regression {
  readonly state: 'regression';
}

/** The lower confidence bound of the difference lies above −`points` (or every log-likelihood is identical). */
interface NoRegression {
  readonly state: 'noRegressionLargerThan';
  readonly points: number;
}

/** Neither shown: what this run could have seen, and how many items would be needed to see a drop of X. */
interface CannotTell {
  readonly state: 'cannotTell';
  /** Percentage points; found four times in five by a run like this one. */
  readonly smallestDetectablePoints: number;
  /** Undefined where X is 0: no number of items shows that nothing at all was lost. */
  readonly itemsNeeded: number | undefined;
}

interface Judged {
  readonly compared: ComparedTask;
  /** Two-sided, after Holm's correction over all tasks and the pooled score. */
  readonly adjustedPValue: number;
}

export type Decision = Regression | NoRegression | CannotTell;

export type TaskVerdict =
  | (Regression & Judged)
  | (NoRegression & Judged)
  | (CannotTell & Judged)
  | {
      readonly state: 'incomparable';
      readonly task: string;
      readonly field: string;
      readonly base: string;
      readonly head: string;
    }
  /** In base but not (scored) in head. */
  | { readonly state: 'missing'; readonly task: string; readonly reason: string }
  /** In head but not (scored) in base: shown, never judged. */
  | { readonly state: 'noBaseline'; readonly task: string; readonly reason: string };

type ComparedValidation = Extract<ValidationComparison, { status: 'compared' }>;

/** What the validation loss says, where several seeds make its spread known. */
export type ValidationVerdict =
  | Exclude<ValidationComparison, ComparedValidation>
  | (ComparedValidation & {
      readonly adjustedPValue: number;
      readonly decision:
        | { readonly state: 'regression' }
        | { readonly state: 'noRegressionLargerThan'; readonly nats: number }
        | { readonly state: 'cannotTell'; readonly smallestDetectableNats: number };
    });

export type OverallVerdict =
  | (Regression & {
      readonly tasks: readonly string[];
      readonly pooledDrop: boolean;
      readonly lossRise: boolean;
    })
  | NoRegression
  | CannotTell
  | { readonly state: 'missing'; readonly tasks: readonly string[] }
  | {
      readonly state: 'incomparable';
      readonly differences: readonly {
        readonly field: string;
        readonly base: string;
        readonly head: string;
      }[];
      readonly tasks: readonly string[];
    };

/** What is needed to decide about one difference; fractions, not points. */
export interface Evidence {
  readonly difference: number;
  readonly lowerBound: number;
  readonly adjustedPValue: number;
  readonly identical: boolean;
  readonly items: number;
  readonly smallestDetectable: number;
}
