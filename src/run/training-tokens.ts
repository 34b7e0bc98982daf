import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import { openPrepared } from '../data/open-prepared.ts';
import { prepareTokens } from '../data/prepare.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { InherituneError } from '../errors.ts';
import { namedTokenizer } from './named-tokenizer.ts';
import type { DataSection, TrainSection } from '../recipe/schema.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import type { RunContext } from './context.ts';
import { hashFile, hashTree } from './fingerprint.ts';
import type { StageRunner } from './stage-record.ts';

/** Token files to train and validate on. */
export interface TrainingTokens {
  readonly train: string;
  readonly validation: string | undefined;
  /** Changes when any token does. */
  readonly fingerprint: string;
}

/**
 * The token files that a recipe's data section means: named ones are checked and taken as they are, text is
 * tokenized into `tokens/` of the stages' folder.
 */
export async function trainingTokens(
  data: DataSection,
  train: TrainSection | undefined,
  reference: Checkpoint,
  stages: StageRunner,
  context: RunContext,
): Promise<TrainingTokens> {
  if (data.tokens === undefined) return prepared(data, train, reference, stages, context);
  if ((await stat(data.tokens)).isDirectory())
    return preparedFolder(data.tokens, await tokenizerFingerprint(reference));
  const validation = data.validation;
  const hashes = [
    await hashFile(data.tokens),
    ...(validation === undefined ? [] : [await hashFile(validation)]),
  ];
  return { train: data.tokens, validation, fingerprint: hashes.join(' ') };
}

/** Undefined where the model comes without a tokenizer: ready token ids need none. */
async function tokenizerFingerprint(reference: Checkpoint): Promise<string | undefined> {
  if (!reference.sidecars.has('tokenizer.json')) return undefined;
  return (await loadCheckpointTokenizer(reference)).fingerprint;
}

/** Tokenizes a recipe's sources into a folder. */
export async function prepareFromSources(
  data: DataSection,
  train: TrainSection | undefined,
  reference: () => Promise<Tokenizer>,
  outFolder: string,
  context: RunContext,
): Promise<void> {
  const sources = data.sources ?? [];
  const weight = sources.find((source) => source.weight !== 1)?.weight;
  if (weight !== undefined) {
    throw new InherituneError(
      'data',
      `data.sources gives a weight of ${weight}, and this version mixes sources by their size only. Remove the weights.`,
    );
  }
  await prepareTokens({
    sources,
    tokenizer: data.tokenizer === undefined ? await reference() : await namedTokenizer(data.tokenizer),
    subsetTokens: data.subsetTokens ?? tokensReadOnce(train),
    validationTokens: data.validationTokens,
    seed: data.seed,
    outFolder,
    progress: context.progress,
  });
}

async function prepared(
  data: DataSection,
  train: TrainSection | undefined,
  reference: Checkpoint,
  stages: StageRunner,
  context: RunContext,
): Promise<TrainingTokens> {
  const folder = join(stages.folder, 'tokens');
  const tokenizer = await loadCheckpointTokenizer(reference);
  const sources = await Promise.all(
    (data.sources ?? []).map(async (source) => ({ ...source, path: await hashTree(source.path) })),
  );
  await stages.run({
    name: 'prepare',
    inputs: {
      ...{
        sources,
        subsetTokens: data.subsetTokens ?? tokensReadOnce(train),
        validationTokens: data.validationTokens,
      },
      ...{ seed: data.seed, version: context.version },
      tokenizer: data.tokenizer === undefined ? tokenizer.fingerprint : await hashTree(data.tokenizer),
    },
    outputs: [
      'tokens/manifest.json',
      'tokens/train.bin',
      ...(data.validationTokens > 0 ? ['tokens/validation.bin'] : []),
    ],
    work: async () => {
      await prepareFromSources(data, train, () => Promise.resolve(tokenizer), folder, context);
      return {};
    },
  });
  return preparedFolder(folder);
}

async function preparedFolder(folder: string, fingerprint?: string): Promise<TrainingTokens> {
  const opened = await openPrepared(folder, fingerprint === undefined ? {} : { fingerprint });
  try {
    const { train, validation } = opened.manifest;
    return {
      train: join(folder, train.file),
      validation: validation === null ? undefined : join(folder, validation.file),
      fingerprint: [train.sha256, validation?.sha256 ?? ''].join(' ').trim(),
    };
  } finally {
    await opened.close();
  }
}

/** What the training reads once; undefined (all of the text) where its length is in epochs. */
function tokensReadOnce(train: TrainSection | undefined): number | undefined {
  if (train === undefined || train.epochs !== undefined) return undefined;
  const perStep = train.sequenceLength * train.microBatch * train.accumulate;
  const steps = train.steps ?? Math.ceil((train.tokens ?? 0) / perStep);
  // The last target is one token behind the last input.
  return steps * perStep + 1;
}
