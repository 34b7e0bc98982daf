import { PAPER_TASKS } from '../evaluate/tasks/paper-tasks.ts';

/** What a claim of the paper says about a run's models. */
export type ClaimMeasure =
  /** The mean of a model's headline scores over tasks; `mmlu` stands for its mean over subjects. */
  | { readonly kind: 'score'; readonly model: 'reference' | 'trained'; readonly tasks: readonly string[] }
  /** The trained model's mean score divided by the reference's, on the same items. */
  | { readonly kind: 'shareOfReference'; readonly tasks: readonly string[] }
  /** Parameters of the trained model. */
  | { readonly kind: 'parameters' }
  /**
   * How many nats of validation loss the inherited model is ahead of the same shape from random weights after as many
   * steps: two runs that differ in `train.initialise` only.
   */
  | { readonly kind: 'leadOverRandom'; readonly atMostSteps: number };

export interface Claim {
  readonly id: string;
  /** One sentence. */
  readonly text: string;
  /** In the measure's unit: fractions for scores and shares, nats for losses. */
  readonly paper: number;
  /** `equal`: our number is the paper's within `tolerance`; `atLeast`: it is no lower. */
  readonly relation: 'equal' | 'atLeast';
  readonly tolerance: number;
  readonly measure: ClaimMeasure;
  /** Runs that the claim is about; any other run that can measure it is a scaled-down stand-in and says so. */
  readonly setting: { readonly reference: RegExp; readonly blocks: number; readonly tokens: number };
  /** Whether a stand-in says anything: a share can hold for any reference, a score only for this one. */
  readonly scalable: boolean;
  readonly source: string;
}

const V1 = 'arXiv 2404.08634v1';
const OPEN_LLAMA = { reference: /open_?llama_3b(?!_v2)/i, blocks: 13, tokens: 1e9 } as const;

/** Two points: about two standard errors of the paper's own score on PIQA, and more than those on BoolQ, QNLI and MNLI. */
const SCORE_TOLERANCE = 0.02;

/** The paper's scores in its Table 3: the reference's, then those of the small model. */
const TABLE_3: readonly (readonly [task: string, label: string, reference: number, trained: number])[] = [
  ['wsc', 'WSC', 63.46, 50.96],
  ['piqa', 'PIQA', 74.97, 56.47],
  ['boolq', 'BoolQ', 67.18, 61.68],
  ['winogrande', 'WinoGrande', 62.27, 51.69],
  ['logiqa', 'LogiQA', 28.4, 25.19],
  ['wnli', 'WNLI', 50.7, 43.66],
  ['qnli', 'QNLI', 51.3, 49.41],
  ['mnli', 'MNLI', 37.3, 34.42],
  ['truthfulqa_mc2', 'TruthfulQA (mc2)', 35, 48.61],
  ['mmlu', 'MMLU', 27.21, 25.67],
];

/**
 * The paper's claims that a run can address, each with its source. Left out is what no run here can show: the other small
 * models of its tables, the hours, and the GPT-2 losses at 100,000 steps.
 */
export const CLAIMS: readonly Claim[] = [
  {
    ...{ id: 'nine-share', text: 'The small model keeps 89 % of the reference’s mean over nine datasets.' },
    ...{ paper: 0.89, relation: 'atLeast', tolerance: 0, scalable: true, setting: OPEN_LLAMA },
    measure: { kind: 'shareOfReference', tasks: PAPER_TASKS },
    source: `${V1}, Section 4 and Table 3`,
  },
  {
    ...{ id: 'mmlu-share', text: 'The small model keeps 94 % of the reference’s MMLU score.' },
    ...{ paper: 0.94, relation: 'atLeast', tolerance: 0, scalable: true, setting: OPEN_LLAMA },
    measure: { kind: 'shareOfReference', tasks: ['mmlu'] },
    source: `${V1}, Section 4 and Table 3`,
  },
  {
    id: 'lead-over-random',
    text: 'After 1,000 steps or fewer, inheritance leads the same shape from random weights by 1.8 nats or more.',
    ...{ paper: 1.8, relation: 'atLeast', tolerance: 0, scalable: true },
    // Only what names a GPT-2 of the paper is its setting; a LLaMA run is a stand-in.
    setting: { reference: /gpt2-(medium|large|xl)/i, blocks: 16, tokens: 1e8 },
    measure: { kind: 'leadOverRandom', atMostSteps: 1000 },
    source: 'training logs of the authors’ repository at commit 560611d: 1.8 to 2.3 nats at step 1,000',
  },
  {
    ...{ id: 'parameters', text: 'The first 13 of 26 blocks with embeddings, final norm and head.' },
    ...{ paper: 1_815_638_400, relation: 'equal', tolerance: 0, scalable: false },
    setting: { ...OPEN_LLAMA, tokens: 0 },
    measure: { kind: 'parameters' },
    source: `arithmetic from the sizes in ${V1}, Table 1; the paper calls it 1.5B`,
  },
  ...TABLE_3.flatMap(([task, label, reference, trained]): Claim[] => [
    scoreClaim('reference', task, `${label} of OpenLLaMA-3B, the reference.`, reference),
    scoreClaim('trained', task, `${label} of the small model after 1B tokens.`, trained),
  ]),
];

function scoreClaim(model: 'reference' | 'trained', task: string, text: string, percent: number): Claim {
  return {
    ...{ id: `${model}-${task}`, text, paper: percent / 100, relation: 'equal', tolerance: SCORE_TOLERANCE },
    ...{ measure: { kind: 'score', model, tasks: [task] }, scalable: false },
    setting: model === 'reference' ? { ...OPEN_LLAMA, blocks: 0, tokens: 0 } : OPEN_LLAMA,
    source: `${V1}, Table 3`,
  };
}
