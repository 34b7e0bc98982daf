import type { EvaluationResult } from '../evaluate/result.ts';

/** One evaluated model; `reference`, `inherited` (before training) and `trained` are the three that are set against each other. */
export interface ReportedModel {
  readonly key: string;
  /** Head of its column, such as "Reference (30 blocks)". */
  readonly label: string;
  readonly result: EvaluationResult;
  readonly parameters: number;
}

/** Which part of the reference the small model is. */
export interface InheritanceFacts {
  readonly source: string;
  readonly sourceBlocks: number;
  /** Numbers of the copied blocks in the source, from 0, in their new order. */
  readonly blocks: readonly number[];
  /** What came along besides blocks: "embeddings", "final norm", "head", … */
  readonly carried: readonly string[];
}

export interface TrainingFacts {
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly precision: string;
  /** Training loss in nats per token, in step order. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly validation: readonly { readonly step: number; readonly lossNats: number }[];
}

export interface ReportedStage {
  readonly name: string;
  /** `reused`: an earlier run's output with the same inputs was taken over; `seconds` is what it took then. */
  readonly status: 'done' | 'reused';
  readonly seconds: number;
}

/** Everything that the report of one run is made of. */
export interface RunReportInput {
  readonly title: string;
  /** In the order of their columns. */
  readonly models: readonly ReportedModel[];
  readonly inherit: InheritanceFacts | undefined;
  readonly training: TrainingFacts | undefined;
  /** Further facts in the order they are shown: device, versions, seed, limit, … */
  readonly facts: Readonly<Record<string, string | number>>;
  readonly stages: readonly ReportedStage[];
  /** What to type to get the same run again. */
  readonly command: string;
  /** Confidence of the intervals; 0.95 where not given. */
  readonly confidence?: number;
}
