import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { DataError } from './data-error.ts';
import { documentKey } from './document-index.ts';
import { indexSources } from './index-sources.ts';
import { placeFolder, requireReplaceable } from './place-folder.ts';
import { createDocumentReader } from './sources/read-documents.ts';
import { bytesPerToken } from './token-file.ts';
import { MANIFEST_NAME } from './token-manifest.ts';
import { createTokenWriter } from './token-writer.ts';

import type { Progress } from '../progress.ts';
import type { IndexedSources } from './index-sources.ts';
import type { TextSource } from './sources/text-source.ts';
import type { TokenManifest, TokenPart } from './token-manifest.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface PrepareOptions {
  readonly sources: readonly TextSource[];
  readonly tokenizer: Tokenizer;
  /** Exactly so many training tokens, separators included; without it, all that is not held out. */
  readonly subsetTokens?: number | undefined;
  /** Exactly so many held-out tokens; 0 holds nothing out. */
  readonly validationTokens: number;
  /** Any safe integer. */
  readonly seed: number;
  /** Must not exist, be empty, or hold an earlier result, which is replaced. */
  readonly outFolder: string;
  readonly progress: Progress;
}

/**
 * Turns text into `train.bin`, `validation.bin` and `manifest.json`; the folder appears when all three are complete.
 *
 * Documents are put in the order of a hash of seed and content. Training takes them from the front, validation from the
 * back, until each has its tokens: so a smaller subset is a prefix of a larger one, the held-out documents do not depend on
 * the subset's size nor the reverse, equal texts fall on one place (all but the first are dropped), and no document is in both.
 * Only the last document of each may be cut. Memory: 36 bytes a document, and one document's text at a time.
 * @throws DataError `too-little-text` with the tokens there are and those asked for; `output-exists`; those of the sources.
 */
export async function prepareTokens(options: PrepareOptions): Promise<TokenManifest> {
  const { tokenizer, seed, progress, validationTokens } = options;
  // Without a slash at its end, so that the unfinished folder lies beside it.
  const outFolder = resolve(options.outFolder);
  const subsetTokens = options.subsetTokens ?? Infinity;
  requireCount('data.validationTokens', validationTokens, 0);
  if (subsetTokens !== Infinity) requireCount('data.subsetTokens', subsetTokens, 1);
  const separatorTokenId = separatorOf(tokenizer);
  await requireReplaceable(outFolder);

  const indexed = await indexSources(options.sources, seed, progress);
  const order = indexed.index.uniqueInKeyOrder();
  await mkdir(dirname(outFolder), { recursive: true });
  const partial = `${outFolder}.partial-${randomBytes(4).toString('hex')}`;
  await mkdir(partial);
  try {
    const shared = { options, indexed, separatorTokenId, folder: partial };
    const held = validationTokens > 0 ? order.toReversed() : order.subarray(0, 0);
    const validation = await writePart(shared, 'validation', held, validationTokens);
    const rest = order.subarray(0, order.length - (validation?.documents ?? 0));
    const train = await writePart(shared, 'train', rest, subsetTokens);
    if (train === null) {
      throw new DataError(
        'too-little-text',
        `data.validationTokens of ${String(validationTokens)} takes all ${String(order.length)} documents and leaves 0 tokens to train on. ` +
          'Add text, split it into smaller documents, or hold out less.',
      );
    }
    const manifest: TokenManifest = {
      format: 'inheritune-tokens',
      version: 1,
      seed,
      tokenizer: { fingerprint: tokenizer.fingerprint, vocabularySize: tokenizer.vocabularySize },
      separatorTokenId,
      bytesPerToken: bytesPerToken(tokenizer.vocabularySize),
      sources: indexed.manifest,
      documents: {
        read: indexed.index.size + indexed.empty,
        empty: indexed.empty,
        duplicates: indexed.index.size - order.length,
        unique: order.length,
      },
      train,
      validation,
    };
    await writeFile(join(partial, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
    await placeFolder(partial, outFolder);
    return manifest;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

interface PartContext {
  readonly options: PrepareOptions;
  readonly indexed: IndexedSources;
  readonly separatorTokenId: number;
  readonly folder: string;
}

/** Writes documents, each with the separator behind it, until `wanted` tokens are there; null where no document is given. */
async function writePart(
  { options, indexed, separatorTokenId, folder }: PartContext,
  name: 'train' | 'validation',
  documents: Uint32Array,
  wanted: number,
): Promise<TokenPart | null> {
  if (documents.length === 0) return null;
  const { tokenizer, seed, progress } = options;
  const file = `${name}.bin`;
  const writer = await createTokenWriter(join(folder, file), { vocabularySize: tokenizer.vocabularySize });
  const reader = createDocumentReader();
  const byDocument = wanted === Infinity;
  const label = name === 'train' ? 'Tokenizing' : 'Tokenizing validation';
  const step = progress.start(label, byDocument ? documents.length : wanted, byDocument ? 'documents' : 'tokens');
  let tokens = 0;
  let used = 0;
  try {
    for (const at of documents) {
      if (tokens >= wanted) break;
      const source = indexed.files[indexed.index.file(at)]!;
      const text = await reader.read(source, indexed.index.span(at));
      if (!indexed.index.hasKey(at, documentKey(seed, text))) {
        throw new DataError('source-changed', `${source.path} changed while it was read. Start again once it is complete.`);
      }
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      ids.push(separatorTokenId);
      const kept = tokens + ids.length > wanted ? ids.slice(0, wanted - tokens) : ids;
      await writer.write(kept);
      tokens += kept.length;
      used += 1;
      step.advance(byDocument ? 1 : kept.length);
    }
    if (!byDocument && tokens < wanted) throw tooLittle(name, tokens, wanted, documents.length);
    const { sha256 } = await writer.finish();
    return { file, tokens, documents: used, sha256 };
  } finally {
    step.end();
    await writer.abort();
    await reader.close();
  }
}

function tooLittle(name: 'train' | 'validation', tokens: number, wanted: number, documents: number): DataError {
  const field = name === 'train' ? 'data.subsetTokens' : 'data.validationTokens';
  const what = name === 'train' ? 'left for training' : 'in all';
  return new DataError(
    'too-little-text',
    `The sources hold ${String(tokens)} tokens in ${String(documents)} different documents ${what}, and ${field} asks for ${String(wanted)}. ` +
      'Add text or ask for fewer tokens.',
  );
}

function separatorOf(tokenizer: Tokenizer): number {
  const id = tokenizer.eosTokenId ?? tokenizer.bosTokenId;
  if (id !== undefined) return id;
  throw new DataError(
    'tokenizer-unsupported',
    'The tokenizer names neither an EOS nor a BOS token to put between documents. Name eos_token in its tokenizer_config.json.',
  );
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new DataError('token-range', `${name} is ${String(value)}. Give a whole number of at least ${String(least)}.`);
}
