import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { DataError } from './data-error.ts';
import { createDocumentFeed } from './document-feed.ts';
import { createMixture } from './mixture.ts';
import { createTokenWriter } from './token-writer.ts';

import type { ProgressStep } from '../progress.ts';
import type { DocumentIndex } from './document-index.ts';
import type { EncoderPool } from './encoder-pool.ts';
import type { TokenWriter } from './token-writer.ts';
import type { PartState, ShardRecord } from './work-folder.ts';

/** Documents drawn in one order: of one source of a mixture, or of all sources together. */
export interface DocumentStream {
  /** What messages call it. */
  readonly label: string;
  readonly weight: number;
  readonly documents: Uint32Array;
  /** How often the documents may be gone over. */
  readonly passes: number;
}

export interface PartOptions {
  readonly name: 'train' | 'validation';
  readonly streams: readonly DocumentStream[];
  /** Exactly so many tokens; `Infinity` for as many as there are while the mixture holds. */
  readonly wanted: number;
  readonly index: DocumentIndex;
  readonly sourceOf: (document: number) => number;
  readonly sources: number;
  readonly pool: EncoderPool;
  readonly vocabularySize: number;
  readonly bytesPerToken: 2 | 4;
  readonly shardTokens: number;
  readonly folder: string;
  readonly step: ProgressStep;
  readonly signal?: AbortSignal | undefined;
  /** Where an earlier run stood. */
  readonly from: PartState | undefined;
  /** Kept after each shard. */
  readonly save: (state: PartState) => Promise<void>;
}

/**
 * Writes documents, each with the separator behind it, into shards until `wanted` tokens are there.
 * What it writes does not depend on where it is interrupted, nor on the threads of the pool.
 * @throws DataError `too-little-text`; those of the pool.
 */
export async function writePart(options: PartOptions): Promise<PartState> {
  const { name, streams, wanted, shardTokens, bytesPerToken, folder, step, signal } = options;
  const from = await intact(options);
  if (from.finished) return from;
  await removeOthers(folder, name, from.shards);
  const shards = [...from.shards];
  const drawn = from.streams.map((counts) => ({ ...counts }));
  const sources = from.sources.map((counts) => ({ ...counts }));
  const weights = streams.map(({ weight }) => weight);
  const mixture = createMixture(weights, drawn.map(({ tokens }) => tokens));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const feeds = streams.map(({ documents, weight, passes }, i) => {
    const ahead = Math.max(2, Math.ceil((options.pool.width * weight) / all));
    return createDocumentFeed(options.index, repeated(documents, passes), drawn[i]!.documents, options.pool, ahead);
  });
  let total = shards.reduce((sum, { tokens }) => sum + tokens, 0);
  const byDocument = wanted === Infinity;
  step.advance(byDocument ? drawn.reduce((sum, { documents }) => sum + documents, 0) : total);
  let carried = from.carried;
  let shard: { writer: TokenWriter; file: string; tokens: number } | undefined;
  const state = (written: number, finished: boolean): PartState => ({
    ...{ shards: [...shards], streams: drawn.map((counts) => ({ ...counts })) },
    ...{ sources: sources.map((counts) => ({ ...counts })), carried: written, finished },
  });
  const closeShard = async (): Promise<void> => {
    if (shard === undefined) return;
    const { sha256 } = await shard.writer.finish();
    shards.push({ file: shard.file, tokens: shard.tokens, sha256 });
    shard = undefined;
  };
  try {
    while (total < wanted) {
      signal?.throwIfAborted();
      const stream = mixture.next();
      const feed = feeds[stream]!;
      if (feed.left() === 0) {
        if (wanted === Infinity) break;
        throw tooLittle(options, drawn, total, stream);
      }
      const { document, tokens, bytes } = await feed.next();
      const source = sources[options.sourceOf(document)]!;
      if (carried === 0) source.documents += 1;
      while (carried < tokens && total < wanted) {
        if (shard === undefined) {
          const file = shardName(name, shards.length);
          const writer = await createTokenWriter(join(folder, file), options);
          shard = { writer, file, tokens: 0 };
        }
        const count = Math.min(tokens - carried, wanted - total, shardTokens - shard.tokens);
        await shard.writer.append(bytes.subarray(carried * bytesPerToken, (carried + count) * bytesPerToken));
        carried += count;
        total += count;
        shard.tokens += count;
        source.tokens += count;
        step.advance(byDocument ? 0 : count);
        const isWhole = carried === tokens;
        // A document that the subset ends in is taken as well, though not whole.
        if (isWhole || total >= wanted) drawn[stream]!.documents += 1;
        if (isWhole) {
          drawn[stream]!.tokens += tokens;
          mixture.add(stream, tokens);
          step.advance(byDocument ? 1 : 0);
        }
        if (shard.tokens < shardTokens || total >= wanted) continue;
        await closeShard();
        await options.save(state(isWhole ? 0 : carried, false));
      }
      carried = 0;
    }
    await closeShard();
    const finished = state(0, true);
    await options.save(finished);
    return finished;
  } finally {
    await shard?.writer.abort();
  }
}

function repeated(documents: Uint32Array, times: number): Uint32Array {
  if (times === 1) return documents;
  const all = new Uint32Array(documents.length * times);
  for (let pass = 0; pass < times; pass += 1) all.set(documents, pass * documents.length);
  return all;
}

/** Documents that a part has begun. */
export function documentsOf(state: PartState): number {
  return state.sources.reduce((sum, { documents }) => sum + documents, 0);
}

export function tokensOf(state: PartState): number {
  return state.shards.reduce((sum, { tokens }) => sum + tokens, 0);
}

function shardName(name: string, number: number): string {
  return `${name}-${String(number).padStart(5, '0')}.bin`;
}

/** The earlier run's state if all its shards are as it left them, else a fresh one. */
async function intact({ from, folder, streams, sources }: PartOptions): Promise<PartState> {
  const fresh: PartState = {
    shards: [],
    streams: streams.map(() => ({ documents: 0, tokens: 0 })),
    sources: Array.from({ length: sources }, () => ({ documents: 0, tokens: 0 })),
    carried: 0,
    finished: false,
  };
  if (from === undefined) return fresh;
  for (const { file, sha256 } of from.shards) {
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(join(folder, file)), hash);
    } catch {
      return fresh;
    }
    if (hash.digest('hex') !== sha256) return fresh;
  }
  return from;
}

/** Shards that were written after the last state that was kept, and half-written ones. */
async function removeOthers(folder: string, name: string, shards: readonly ShardRecord[]): Promise<void> {
  const kept = new Set(shards.map(({ file }) => file));
  for (const file of await readdir(folder)) {
    if (file.startsWith(`${name}-`) && !kept.has(file)) await rm(join(folder, file), { force: true });
  }
}

/** A part in one shard is a plain nanoGPT file, and is called like one. */
export async function nameSingleShard(folder: string, name: string, state: PartState): Promise<PartState> {
  const [only, ...others] = state.shards;
  if (only === undefined || others.length > 0) return state;
  const file = `${name}.bin`;
  await rename(join(folder, only.file), join(folder, file)).catch((error: unknown) => {
    // Done before the last run was killed.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  return { ...state, shards: [{ ...only, file }] };
}

function tooLittle(
  { name, streams, wanted }: PartOptions,
  drawn: PartState['streams'],
  total: number,
  stream: number,
): DataError {
  const field = name === 'train' ? 'data.subsetTokens' : 'data.validationTokens';
  const { documents, label, passes } = streams[stream]!;
  const often = passes === 1 ? '' : `, gone over ${String(passes)} times`;
  const what = name === 'train' ? 'left for training' : 'in all';
  if (streams.length === 1) {
    return new DataError(
      'too-little-text',
      `The sources hold ${String(total)} tokens in ${String(documents.length)} different documents ${what}, and ${field} asks for ${String(wanted)}. ` +
        'Add text or ask for fewer tokens.',
    );
  }
  return new DataError(
    'too-little-text',
    `The source ${label} holds ${String(drawn[stream]!.tokens)} tokens in ${String(documents.length)} different documents ${what}${often}: at its weight that is enough for ${String(total)} tokens of the mixture, and ${field} asks for ${String(wanted)}. ` +
      `Add text to it, lower its weight, ${name === 'train' ? 'raise its passes, ' : ''}or ask for fewer tokens.`,
  );
}
