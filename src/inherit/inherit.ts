import { resolve } from 'node:path';
import type { Progress } from '../progress.ts';
import type { Checkpoint, TensorSpec } from '../weights/checkpoint.ts';
import { copyOf } from '../weights/tensor-chunks.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';
import { InheritError } from './errors.ts';
import type { Config } from './family.ts';
import { inheritMap } from './inherit-map.ts';
import type { CarriedPart } from './inherit-map.ts';
import { initialised, randomSources } from './initialised-source.ts';

export interface InheritOptions {
  readonly checkpoint: Checkpoint;
  /** The first k blocks, or block numbers in the order they shall have. */
  readonly layers: number | readonly number[];
  /** Parts outside the blocks to copy; default all. See `inheritMap` for tied weights. */
  readonly carry?: readonly CarriedPart[] | undefined;
  /** Of the random numbers for what is not copied. */
  readonly seed?: number | undefined;
  readonly outFolder: string;
  /** Converts the weights; default: each keeps its type. */
  readonly dtype?: 'F32' | 'F16' | 'BF16' | undefined;
  readonly maxShardBytes?: number | undefined;
  readonly progress?: Progress | undefined;
}

export interface InheritResult {
  readonly config: Config;
  /** Old block numbers in their new order. */
  readonly layers: readonly number[];
  readonly parameters: number;
  /** Names of the tensors that started from random weights, ones or zeros. */
  readonly initialised: readonly string[];
  /** Buffers and second copies in the source that were left behind. */
  readonly dropped: readonly string[];
}

/**
 * Writes the model that keeps some blocks of `checkpoint` to `outFolder`, in Hugging Face layout, tokenizer files included.
 * Tensors pass through in pieces: memory does not grow with the model. The checkpoint stays open.
 */
export async function inherit(options: InheritOptions): Promise<InheritResult> {
  const { checkpoint, seed = DEFAULT_SEED } = options;
  const map = inheritMap({
    config: checkpoint.config,
    tensors: checkpoint.tensors,
    layers: options.layers,
    carry: options.carry,
  });
  if (resolve(options.outFolder) === resolve(checkpoint.source)) {
    throw new InheritError(
      'bad-output',
      `${options.outFolder} is the folder of the source model, which would be replaced. Choose another output folder.`,
    );
  }
  noteScaledAttention(map.config, map.layers, options.progress);
  await writeCheckpoint(options.outFolder, {
    config: map.config,
    tensors: map.tensors.map(({ spec, from }) =>
      from.kind === 'copy' ? copyOf(checkpoint, from.name, spec) : initialised(spec, from.initialiser, seed),
    ),
    sidecars: checkpoint.sidecars,
    dtype: options.dtype,
    maxShardBytes: options.maxShardBytes,
    progress: options.progress,
  });
  return {
    config: map.config,
    layers: map.layers,
    parameters: countParameters(map.tensors.map(({ spec }) => spec)),
    initialised: map.tensors.filter(({ from }) => from.kind === 'initialise').map(({ spec }) => spec.name),
    dropped: map.dropped,
  };
}

export interface RandomOptions {
  readonly config: Config;
  readonly seed?: number | undefined;
  readonly outFolder: string;
  /** Tokenizer files to lay beside the weights. */
  readonly sidecars?: Checkpoint['sidecars'] | undefined;
  readonly dtype?: 'F32' | 'F16' | 'BF16' | undefined;
  readonly maxShardBytes?: number | undefined;
  readonly progress?: Progress | undefined;
}

/** Writes a model of the architecture in `config` with random weights, initialised as transformers does: the baseline to compare with. */
export async function initialiseRandom(options: RandomOptions): Promise<{ readonly parameters: number }> {
  const { config, seed = DEFAULT_SEED } = options;
  const tensors = randomSources(config, seed);
  await writeCheckpoint(options.outFolder, {
    ...{ config, tensors },
    sidecars: options.sidecars ?? new Map(),
    dtype: options.dtype ?? 'F32',
    maxShardBytes: options.maxShardBytes,
    progress: options.progress,
  });
  return { parameters: countParameters(tensors.map(({ spec }) => spec)) };
}

/** The published scripts' seed. */
const DEFAULT_SEED = 1337;

/** GPT-2 variants that scale attention by 1/(block + 1) give a moved block another scale. */
function noteScaledAttention(
  config: Config,
  layers: readonly number[],
  progress: Progress | undefined,
): void {
  if (config['scale_attn_by_inverse_layer_idx'] !== true || layers.every((old, index) => old === index))
    return;
  progress?.note(
    'This model scales attention by 1/(block number + 1), and blocks were renumbered: moved blocks attend with another scale than in the source.',
  );
}

function countParameters(specs: readonly TensorSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}
