/** One (context, continuation) pair whose log-likelihood is asked for, as in lm-eval. */
export interface LoglikelihoodRequest {
  readonly context: string;
  readonly continuation: string;
}

/** The same pair in token ids: `input` is what the model reads, the last `targets.length` positions are scored. */
export interface TokenRequest {
  /** Context + continuation without the last token, cut from the left to the model's length. */
  readonly input: readonly number[];
  /** The continuation's ids. */
  readonly targets: readonly number[];
  /** Number of tokens cut from the left. */
  readonly truncated: number;
}

export interface Loglikelihood {
  /** Sum of the natural logarithms of the continuation's token probabilities (nats). */
  readonly loglikelihood: number;
  /** Whether every continuation token is the model's first choice. */
  readonly greedy: boolean;
}

/** Scores requests in their order. */
export type Scorer = (requests: readonly TokenRequest[]) => Promise<Loglikelihood[]>;

export interface ItemResult {
  /** sha256 of the rendered request: stable across runs, so that two runs can be paired. */
  readonly id: string;
  /** Nats, in choice order. */
  readonly loglikelihoods: readonly number[];
  readonly greedy: readonly boolean[];
  /** Index of the right choice; for truthfulqa_mc2 the labels of all choices. */
  readonly gold: number | readonly number[];
  /**
   * This item's value for each of the task's metrics, e.g. `{ acc: 1, acc_norm: 0 }`, and `margin`, the log-likelihood of
   * the right choice minus the best other (nats; not where several choices are true, and never averaged into `metrics`).
   */
  readonly scores: Readonly<Record<string, number>>;
}

/** Scores that need no model, over the same items as the metrics. */
export interface Baselines {
  /** Expected `acc` of guessing. */
  readonly uniform: number;
  /** `acc` of the best answer that is the same for every item; null where each item has answers of its own. */
  readonly constant: number | null;
}

/** One evaluated task, or the named reason why it is not. */
export type TaskResult =
  | {
      readonly status: 'scored';
      /** `acc`, `acc_stderr`, `acc_norm`, …; stderr is "N/A" for one document, as in lm-eval. */
      readonly metrics: Readonly<Record<string, number | 'N/A'>>;
      readonly baselines: Baselines;
      readonly docs: number;
      readonly version: number;
      readonly fewShot: number;
      /** sha256 over the item ids: two results are comparable only where it is equal. */
      readonly itemSetHash: string;
      readonly truncatedItems: number;
      readonly items: readonly ItemResult[];
    }
  | { readonly status: 'unavailable' | 'failed'; readonly reason: string };

export interface GroupResult {
  readonly acc: number;
  readonly acc_stderr: number | 'N/A';
  /** Unweighted mean over the subjects, the paper's number. */
  readonly macro_acc: number;
  readonly docs: number;
  /** The subjects that are in these numbers. */
  readonly tasks: readonly string[];
  /** Subjects of the group that have no data: empty for a complete group. */
  readonly missing: readonly string[];
}

/** What `inheritune evaluate --out FILE` writes. */
export interface EvaluationResult {
  readonly schemaVersion: 1;
  readonly model: string;
  readonly parameters: number;
  readonly limit: number | null;
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly groups: Readonly<Record<string, GroupResult>>;
  readonly validation?: { readonly lossNats: number; readonly perplexity: number; readonly tokens: number };
  readonly environment: Readonly<Record<string, string | number>>;
  readonly seconds: number;
  readonly tokensComputed: number;
}
