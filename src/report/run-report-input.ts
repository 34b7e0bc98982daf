import type { BlockScore } from '../inherit/scores/block-scores.ts';
import type { GrowthResult } from '../judge/growth-result.ts';
import type { JudgedResult } from '../judge/judged-result.ts';

/** One evaluated model; `reference`, `inherited` (before training) and `trained` are the three that are set against each other. */
export interface ReportedModel {
  readonly key: string;
  /** Head of its column, such as "Reference (30 blocks)". */
  readonly label: string;
  readonly result: JudgedResult;
  readonly parameters: number;
}

/** What the blocks were chosen by. */
export interface SelectionFacts {
  /** `block-influence` or `attention-rank`. */
  readonly by: string;
  /** Whether only blocks that follow one another could be chosen. */
  readonly contiguous: boolean;
  /** Name of the text that the scores were taken on, and how much of it was read. */
  readonly text: string;
  readonly windows: number;
  readonly windowLength: number;
  /** Of every block of the source. */
  readonly blocks: readonly BlockScore[];
}

/** Which part of the reference the small model is. */
export interface InheritanceFacts {
  readonly source: string;
  readonly sourceBlocks: number;
  /** Numbers of the copied blocks in the source, from 0, in their new order. */
  readonly blocks: readonly number[];
  /** Absent where the recipe names the blocks. */
  readonly selection?: SelectionFacts;
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
  /** The run record that a reused stage was taken from; absent for an earlier run into the same folder. */
  readonly from?: string;
  /** Why a stage was run though its inputs are those of the baseline. */
  readonly why?: string;
}

/** Everything that the report of one run is made of. */
export interface RunReportInput {
  readonly title: string;
  /** In the order of their columns. */
  readonly models: readonly ReportedModel[];
  readonly inherit: InheritanceFacts | undefined;
  /** Of a growing run that of its last target. */
  readonly training: TrainingFacts | undefined;
  /** What a growing run came to; its models are compared by validation loss and have no scores. */
  readonly growth?: GrowthResult | undefined;
  /** Further facts in the order they are shown: device, versions, seed, limit, … */
  readonly facts: Readonly<Record<string, string | number>>;
  readonly stages: readonly ReportedStage[];
  /** The record that stages could be taken from, and the first stage that was given something else than there. */
  readonly baseline?: { readonly id: string; readonly firstChange: string | null };
  /** What to type to get the same run again. */
  readonly command: string;
  /** Confidence of the intervals; 0.95 where not given. */
  readonly confidence?: number;
}
