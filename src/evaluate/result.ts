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

/**
 * Scores requests, and gives the answers in their order. `onScored` is told each answer once, as soon as it is there and in
 * whatever order, so that what is done survives an interruption.
 */
export type Scorer = (
  requests: readonly TokenRequest[],
  onScored?: (index: number, result: Loglikelihood) => void,
) => Promise<Loglikelihood[]>;

export interface ItemResult {
  /** sha256 of the rendered request: stable across runs, so that two runs can be paired. */
  readonly id: string;
  /** Equal for items that share a passage (premise, text), stable across runs; absent where a task has none. */
  readonly cluster?: string;
  /** Nats, in choice order. */
  readonly loglikelihoods: readonly number[];
  readonly greedy: readonly boolean[];
  /** Index of the right choice; for truthfulqa_mc2 the labels of all choices. */
  readonly gold: number | readonly number[];
  /**
   * This item's value for each of the task's metrics, e.g. `{ acc: 1, acc_norm: 0 }`, and two continuous signals that
   * stand in the task's `signals`, never in `metrics`: `margin`, the log-likelihood of the right choice minus the best
   * other (nats), and `bits_per_byte` of the right answer. Neither is there where several choices are true.
   */
  readonly scores: Readonly<Record<string, number>>;
}

/** Scores that need no model, over the same items as the metrics. */
export interface Baselines {
  /** Expected `acc` of guessing. */
  readonly uniform: number;
  /**
   * `acc` of the best answer that is the same for every item (the same place among the choices where each item has answers
   * of its own); null where the right one always stands first.
   */
  readonly constant: number | null;
}

/** One evaluated task, or the named reason why it is not. */
export type TaskResult =
  | {
      readonly status: 'scored';
      /** `acc`, `acc_stderr`, `acc_norm`, …; stderr is "N/A" for one document, as in lm-eval. */
      readonly metrics: Readonly<Record<string, number | 'N/A'>>;
      /** Means over the items of what moves long before accuracy does: `margin`, `bits_per_byte`, each with `_stderr`. */
      readonly signals?: Readonly<Record<string, number | 'N/A'>>;
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

/** Whose definitions are followed: lm-eval's, or those of the Inheritune paper's table (see protocol.ts). */
export type Protocol = 'lm-eval-0.4.13' | 'inheritune-2024';

/** A cell of the paper's table, and what lm-eval 0.4.13 makes of the same model where that is another number. */
export interface ProtocolScore {
  readonly metric: string;
  readonly value: number;
  readonly lmEval?: { readonly metric: string; readonly value: number };
}

/** Where the rows came from. */
export type RowSource =
  | { readonly kind: 'folder'; readonly folder: string }
  /** Commits by dataset id. */
  | { readonly kind: 'hub'; readonly datasets: Readonly<Record<string, string>> };

/** What `inheritune evaluate --out FILE` writes. */
export interface EvaluationResult {
  readonly schemaVersion: 1;
  readonly model: string;
  readonly parameters: number;
  readonly limit: number | null;
  readonly protocol?: Protocol;
  /** Only with the protocol `inheritune-2024`: by task, and by group. */
  readonly protocolScores?: Readonly<Record<string, ProtocolScore>>;
  readonly data?: RowSource;
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly groups: Readonly<Record<string, GroupResult>>;
  readonly validation?: { readonly lossNats: number; readonly perplexity: number; readonly tokens: number };
  readonly environment: Readonly<Record<string, string | number>>;
  readonly seconds: number;
  readonly tokensComputed: number;
  /** What the log-likelihoods took: see `ScoringCost`. */
  readonly scoring?: {
    readonly tokensPlain: number;
    readonly seconds: number;
    readonly compileSeconds: number;
    readonly maxRowTokens: number;
    readonly outOfMemory: number;
  };
}
