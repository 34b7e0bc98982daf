import { rmdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import { openPrepared } from '../data/open-prepared.ts';
import { prepareTokens } from '../data/prepare.ts';
import { fetchSource, movingRevision } from '../data/sources/hub-source.ts';
import type { TextSource } from '../data/sources/text-source.ts';
import { readManifest } from '../data/read-manifest.ts';
import { sourceReport } from '../data/source-report.ts';
import { partPath } from '../data/token-manifest.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { hashFile } from '../engine/hash-file.ts';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { DataSection, TrainSection } from '../recipe/schema.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { hubAccess } from '../weights/hub-access.ts';
import type { HubProgress } from '../weights/hub-session.ts';
import type { RunContext } from './context.ts';
import { findMade } from './find-made.ts';
import { hashTree } from './fingerprint.ts';
import { namedTokenizer } from './named-tokenizer.ts';
import type { StageOutput, StageRunner } from './stage-record.ts';

/** Token files to train and validate on. */
export interface TrainingTokens {
  readonly train: string;
  readonly validation: string | undefined;
  /** sha256 (hex) that changes when any token does. */
  readonly fingerprint: string;
  /** sha256 (hex) of the held-out tokens; undefined without them, and where the stage that made them did not say. */
  readonly validationHash: string | undefined;
  /** Tokens to train on; undefined for a token file that the recipe names, whose size says it. */
  readonly trainTokens: number | undefined;
  /** The stage that writes the files, to be waited for before they are read; undefined where the recipe names them. */
  readonly made: StageOutput<unknown> | undefined;
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
  if ((await stat(data.tokens)).isDirectory()) {
    const { hasValidation, ...rest } = await preparedFolder(
      data.tokens,
      await tokenizerFingerprint(reference),
    );
    return { ...partsOf(data.tokens, hasValidation), validationHash: undefined, ...rest, made: undefined };
  }
  const { tokens, validation } = data;
  const validationHash = validation === undefined ? undefined : await hashFile(validation);
  const fingerprint = recipeHash([await hashFile(tokens), validationHash ?? null]);
  return { train: tokens, validation, fingerprint, validationHash, trainTokens: undefined, made: undefined };
}

/** Undefined where the model comes without a tokenizer: ready token ids need none. */
async function tokenizerFingerprint(reference: Checkpoint): Promise<string | undefined> {
  if (!reference.sidecars.has('tokenizer.json') && !reference.sidecars.has('tokenizer.model'))
    return undefined;
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
  const sources = await fetchedSources(data, context);
  for (const moving of sources.map(movingRevision)) if (moving !== undefined) context.progress.note(moving);
  await prepareTokens({
    sources,
    tokenizer: data.tokenizer === undefined ? await reference() : await namedTokenizer(data.tokenizer),
    subsetTokens: data.subsetTokens ?? tokensReadOnce(train),
    validationTokens: data.validationTokens,
    shardTokens: data.shardTokens,
    seed: data.seed,
    outFolder,
    progress: context.progress,
    signal: context.signal,
  });
}

/** The sources with those of the hub on disk. */
function fetchedSources(data: DataSection, { env, progress }: RunContext): Promise<TextSource[]> {
  const access = hubAccess(env, homedir(), fetch);
  const noted = new Set<string>();
  const onProgress = ({ file, totalBytes }: HubProgress): void => {
    if (noted.has(file)) return;
    noted.add(file);
    progress.note(`Fetching ${file} (${(totalBytes / 1e6).toFixed(1)} MB)`);
  };
  return Promise.all((data.sources ?? []).map((source) => fetchSource(source, { ...access, onProgress })));
}

async function prepared(
  data: DataSection,
  train: TrainSection | undefined,
  reference: Checkpoint,
  stages: StageRunner,
  context: RunContext,
): Promise<TrainingTokens> {
  const outFolder = join(stages.folder, 'tokens');
  let folder = outFolder;
  const tokenizer = await loadCheckpointTokenizer(reference);
  // A hub dataset is named by its commit, whatever the machine keeps it under.
  const sources = await Promise.all(
    (await fetchedSources(data, context)).map(async ({ files, ...source }) => ({
      ...source,
      path: files === undefined ? await hashTree(source.path) : source.path,
    })),
  );
  // Shards have their names only when they are written: the list is complete when the stage is.
  const outputs = ['tokens/manifest.json'];
  const inputs = {
    ...{
      sources,
      subsetTokens: data.subsetTokens ?? tokensReadOnce(train),
      validationTokens: data.validationTokens,
      shardTokens: data.shardTokens,
    },
    ...{ seed: data.seed, version: context.version },
    tokenizer: data.tokenizer === undefined ? tokenizer.fingerprint : await hashTree(data.tokenizer),
  };
  const made = await stages.take({
    name: 'prepare',
    inputs: () => inputs,
    outputs,
    work: async () => {
      try {
        await prepareFromSources(data, train, () => Promise.resolve(tokenizer), outFolder, context);
      } catch (cause) {
        // Refused input leaves nothing, not even the run's folder where it was new; rmdir keeps one with files in it.
        await rmdir(stages.folder).catch(() => undefined);
        throw cause;
      }
      const manifest = await readManifest(outFolder);
      context.progress.note(sourceReport(manifest));
      const { train: written, validation } = manifest;
      for (const { file } of [...written.shards, ...(validation?.shards ?? [])])
        outputs.push(`tokens/${file}`);
      return preparedFolder(outFolder);
    },
    find: async ({ fingerprint }) => {
      const hash = async (found: string): Promise<string> => (await preparedFolder(found)).fingerprint;
      const found = await findMade(stages.folder, { stage: 'prepare', place: 'tokens' }, fingerprint, hash);
      folder = found ?? folder;
      return found;
    },
  });
  const parts = () => partsOf(folder, made.result.hasValidation);
  return {
    get train() {
      return parts().train;
    },
    get validation() {
      return parts().validation;
    },
    get fingerprint() {
      return made.result.fingerprint;
    },
    get validationHash() {
      return made.result.validationHash;
    },
    trainTokens: made.result.trainTokens,
    made: {
      result: undefined,
      ensure: async () => {
        await made.ensure();
        // Every file against its sha256: the size that a stage is taken over by does not see a damaged disk.
        await preparedFolder(folder);
      },
    },
  };
}

/** The names under which openTokenFile finds a part's file or shards. */
function partsOf(folder: string, hasValidation: boolean): Pick<TrainingTokens, 'train' | 'validation'> {
  return {
    train: partPath(folder, 'train'),
    validation: hasValidation ? partPath(folder, 'validation') : undefined,
  };
}

async function preparedFolder(
  folder: string,
  fingerprint?: string,
): Promise<{
  fingerprint: string;
  validationHash?: string | undefined;
  trainTokens: number;
  hasValidation: boolean;
}> {
  const opened = await openPrepared(folder, fingerprint === undefined ? {} : { fingerprint });
  try {
    const { train, validation } = opened.manifest;
    return {
      fingerprint: recipeHash([train.sha256, validation?.sha256 ?? null]),
      validationHash: validation?.sha256,
      trainTokens: train.tokens,
      hasValidation: validation !== null,
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
