import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

import { checkedEngine } from './checked-engine.ts';
import { DataError } from './data-error.ts';
import { loadDocumentIndex } from './document-index.ts';
import { createEncoderPool } from './encoder-pool.ts';
import { indexSources } from './index-sources.ts';
import { placeFolder, requireReplaceable } from './place-folder.ts';
import { documentStreams } from './document-streams.ts';
import { inputsHash, requirePreparable, separatorOf } from './prepare-options.ts';
import { listSourceFiles } from './sources/text-source.ts';
import { bytesPerToken } from './token-file.ts';
import { DEFAULT_SHARD_TOKENS, describePrepared } from './describe-prepared.ts';
import { MANIFEST_NAME } from './token-manifest.ts';
import { documentsOf, nameSingleShard, tokensOf, writePart } from './write-part.ts';
import { openWorkFolder } from './work-folder.ts';

import type { DocumentIndex } from './document-index.ts';
import type { EncoderPool } from './encoder-pool.ts';
import type { ListedSource, SourcesRecord } from './index-sources.ts';
import type { PrepareOptions } from './prepare-options.ts';
import type { TokenLayout } from './sources/token-documents.ts';
import type { TokenManifest, TokenPart } from './token-manifest.ts';
import type { PartOptions } from './write-part.ts';
import type { PartState, WorkFolder } from './work-folder.ts';

/** A thread takes half a second to start, in which one tokenizes about this much. */
const LITTLE_TEXT_BYTES = 2 ** 20;

/**
 * Turns text into token shards (`train.bin`, or `train-00000.bin` … where there are several, the same for `validation`) and
 * `manifest.json`; the folder appears when all are complete. Until then it grows in `<outFolder>.partial`, from which the
 * same call goes on after a kill.
 *
 * Documents are put in the order of a hash of seed and content, in one stream or, with weights, one a source. Training takes
 * them from the front, validation from the back, until each has its tokens: so a smaller subset is a prefix of a larger one,
 * the held-out documents do not depend on the subset's size nor the reverse, equal texts fall on one place (all but the first
 * are dropped), and no document is in both. Only the last document of each may be cut.
 * Memory: 36 bytes a document, and a few megabytes of text and ids a thread.
 * @throws DataError `too-little-text` with the tokens there are and those asked for; `output-exists`, `output-busy`; those of the sources.
 */
export async function prepareTokens(options: PrepareOptions): Promise<TokenManifest> {
  const { sources } = options;
  // Without a slash at its end, so that the unfinished folder lies beside it.
  const outFolder = resolve(options.outFolder);
  requirePreparable(options);
  await requireReplaceable(outFolder);

  const listed = await Promise.all(
    sources.map(async (source) => ({ source, files: await listSourceFiles(source) })),
  );
  const work = await openWorkFolder(outFolder, await inputsHash(options, listed));
  if (work.resumed) options.progress.note(`${outFolder}: going on from what an interrupted run left`);
  try {
    const manifest = await prepareIn(work, options, listed);
    await placeFolder(work.result, outFolder);
    await work.remove();
    return manifest;
  } catch (error) {
    // Wrong input gives the same error again; what a signal or a full disk left is gone on from.
    if (error instanceof DataError && error.code !== 'worker-failed') await work.remove();
    else await work.release();
    throw error;
  }
}

async function prepareIn(
  work: WorkFolder,
  options: PrepareOptions,
  listed: readonly ListedSource[],
): Promise<TokenManifest> {
  const { tokenizer, seed, validationTokens } = options;
  const subsetTokens = options.subsetTokens ?? Infinity;
  const { vocabularySize } = tokenizer;
  const layout = { bytesPerToken: bytesPerToken(vocabularySize), separatorTokenId: separatorOf(tokenizer) };
  const { index, record } = await openIndex(work, options, listed, layout);
  const { unique, streams } = documentStreams(index, record, options.sources);
  const textBytes = listed.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0);
  const workers = options.workers ?? (textBytes < LITTLE_TEXT_BYTES ? 0 : availableParallelism());
  const engine = options.engine ?? (workers === 0 ? 'javascript' : await checkedEngine(options, index, record, unique));
  const pool = createEncoderPool({ tokenizer, engine, workers, files: record.files, seed, layout, vocabularySize });
  try {
    const shared = { options, work, index, record, pool, layout };
    const held = validationTokens > 0 ? streams.map((one) => ({ ...one, documents: one.documents.toReversed(), passes: 1 })) : [];
    const validation = held.length === 0 ? null : await part(shared, 'validation', held, validationTokens);
    const rest = streams.map((one, i) => {
      const kept = validation === null ? 0 : validation.streams[i]!.documents;
      return { ...one, documents: one.documents.subarray(0, one.documents.length - kept) };
    });
    if (rest.every(({ documents }) => documents.length === 0)) {
      throw new DataError(
        'too-little-text',
        `data.validationTokens of ${String(validationTokens)} takes all ${String(unique.length)} documents and leaves 0 tokens to train on. ` +
          'Add text, split it into smaller documents, or hold out less.',
      );
    }
    const train = await part(shared, 'train', rest, subsetTokens);
    if (tokensOf(train) === 0) {
      const empty = rest.find(({ documents }) => documents.length === 0)!;
      throw new DataError(
        'too-little-text',
        `The source ${empty.label} has no document left to train on. Add text to it, hold out less, or leave it out.`,
      );
    }
    const manifest = describePrepared(options, shared, unique, train, validation);
    const trainPart = await placed(work, 'train', train);
    const validationPart = validation === null ? null : await placed(work, 'validation', validation);
    const complete = { ...manifest, train: trainPart, validation: validationPart };
    await writeFile(join(work.result, MANIFEST_NAME), `${JSON.stringify(complete, null, 2)}\n`);
    return complete;
  } finally {
    await pool.close();
  }
}

/** The index of all documents: read from an earlier run's files, or made and kept for a later one. */
async function openIndex(
  work: WorkFolder,
  { seed, progress, signal }: PrepareOptions,
  sources: readonly ListedSource[],
  layout: TokenLayout,
): Promise<{ readonly index: DocumentIndex; readonly record: SourcesRecord }> {
  const record = work.state().sources;
  const kept = record === undefined ? undefined : await loadDocumentIndex(work.index).catch(() => undefined);
  if (record !== undefined && kept !== undefined) return { index: kept, record };
  const indexed = await indexSources({ sources, seed, layout, spoolFolder: work.spool, progress, signal });
  await indexed.index.save(work.index);
  await work.save({ sources: indexed.record });
  return indexed;
}

interface PartContext {
  readonly options: PrepareOptions;
  readonly work: WorkFolder;
  readonly index: DocumentIndex;
  readonly record: SourcesRecord;
  readonly pool: EncoderPool;
  readonly layout: TokenLayout;
}

async function part(
  { options, work, index, record, pool, layout }: PartContext,
  name: 'train' | 'validation',
  streams: PartOptions['streams'],
  wanted: number,
): Promise<PartState> {
  const { progress, tokenizer, signal } = options;
  const documents = streams.reduce((sum, one) => sum + one.documents.length, 0);
  const label = name === 'train' ? 'Tokenizing' : 'Tokenizing validation';
  const step = progress.start(label, wanted === Infinity ? documents : wanted, wanted === Infinity ? 'documents' : 'tokens');
  try {
    return await writePart({
      ...{ name, streams, wanted, index, pool, step, signal },
      sourceOf: (document) => record.sourceOfFile[index.file(document)]!,
      sources: record.sources.length,
      vocabularySize: tokenizer.vocabularySize,
      bytesPerToken: layout.bytesPerToken,
      shardTokens: options.shardTokens ?? DEFAULT_SHARD_TOKENS,
      folder: work.result,
      from: work.state()[name],
      save: (state) => work.save({ [name]: state }),
    });
  } finally {
    step.end();
  }
}

/** Its final names: a single shard is called `train.bin`. */
async function placed(work: WorkFolder, name: 'train' | 'validation', state: PartState): Promise<TokenPart> {
  const named = await nameSingleShard(work.result, name, state);
  await work.save({ [name]: named });
  const digests = named.shards.map(({ sha256 }) => sha256);
  const sha256 = digests.length === 1 ? digests[0]! : createHash('sha256').update(digests.join('')).digest('hex');
  return { tokens: tokensOf(named), documents: documentsOf(named), shards: [...named.shards], sha256 };
}
