import { readFile } from 'node:fs/promises';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';
import type { Checkpoint } from '../../src/weights/checkpoint.ts';
import { inRepository } from './repository.ts';

/** What `transformers` computes for a checkpoint; made by test/reference/models. */
export interface ExpectedModel {
  readonly inputIds: readonly (readonly number[])[];
  readonly targetIds: readonly (readonly number[])[];
  readonly loss: number;
  readonly logits: readonly {
    readonly row: number;
    readonly position: number;
    readonly values: readonly number[];
  }[];
  readonly requests: readonly {
    readonly input: readonly number[];
    readonly targets: readonly number[];
    readonly loglikelihood: number;
    readonly greedy: boolean;
  }[];
  readonly gradients: {
    readonly globalNorm: number;
    readonly tensors: Readonly<Record<string, { readonly norm: number; readonly first: readonly number[] }>>;
  };
}

/** What PyTorch does in 40 optimizer steps; made by test/reference/models/make_training.py. */
export interface ExpectedTraining {
  readonly train: {
    readonly sequenceLength: number;
    readonly microBatch: number;
    readonly accumulate: number;
    readonly steps: number;
    readonly optimizer: {
      readonly learningRate: number;
      readonly minLearningRate: number;
      readonly warmupSteps: number;
      readonly schedule: 'cosine';
      readonly weightDecay: number;
      readonly betas: readonly [number, number];
      readonly epsilon: number;
      readonly clipNorm: number;
    };
  };
  readonly steps: readonly {
    readonly loss: number;
    readonly gradNorm: number;
    readonly learningRate: number;
  }[];
  readonly final: {
    readonly loss: number;
    readonly tensors: Readonly<Record<string, { readonly sum: number; readonly sumOfSquares: number }>>;
  };
}

export const modelFixture = (name: string): string => inRepository(`test/fixtures/models/${name}`);

export async function expectedModel(name: string): Promise<ExpectedModel> {
  return JSON.parse(await readFile(`${modelFixture(name)}/expected.json`, 'utf8')) as ExpectedModel;
}

export async function expectedTraining(name: string): Promise<ExpectedTraining> {
  return JSON.parse(await readFile(`${modelFixture(name)}/training.json`, 'utf8')) as ExpectedTraining;
}

export function openFixture(name: string): Promise<Checkpoint> {
  return openCheckpoint(modelFixture(name));
}
