import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';

import { DataError } from './data-error.ts';
import { DEFAULT_SHARD_TOKENS } from './describe-prepared.ts';

import type { Progress } from '../progress.ts';
import type { ListedSource } from './index-sources.ts';
import type { TextSource } from './sources/text-source.ts';
import type { TextEngine } from './text-encoder.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface PrepareOptions {
  /** With weights on all of them, training and validation tokens are mixed by weight; without, sources go by their size. */
  readonly sources: readonly TextSource[];
  readonly tokenizer: Tokenizer;
  /** Exactly so many training tokens, separators included; without it, all that is not held out and keeps the mixture. */
  readonly subsetTokens?: number | undefined;
  /** Exactly so many held-out tokens; 0 holds nothing out. */
  readonly validationTokens: number;
  /** Tokens a file; default 100 million. */
  readonly shardTokens?: number | undefined;
  /** Any safe integer. */
  readonly seed: number;
  /** Threads that tokenize; default every core, or none where there is little text. The result does not depend on it. */
  readonly workers?: number | undefined;
  /** Default: the faster one, checked against the native one where that loads. */
  readonly engine?: TextEngine | undefined;
  /** Must not exist, be empty, or hold an earlier result, which is replaced. */
  readonly outFolder: string;
  readonly progress: Progress;
  /** Stops at the next document; the same call goes on from the last complete shard. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws DataError `token-range`, `tokenizer-unsupported`, `mixture-invalid` for what can be said before a file is opened. */
export function requirePreparable({ tokenizer, sources, validationTokens, subsetTokens, shardTokens }: PrepareOptions): void {
  requireCount('data.validationTokens', validationTokens, 0);
  if (subsetTokens !== undefined) requireCount('data.subsetTokens', subsetTokens, 1);
  if (shardTokens !== undefined) requireCount('data.shardTokens', shardTokens, 1);
  separatorOf(tokenizer);
  requireWeights(sources);
}

/** The id behind every document: EOS, else BOS. @throws DataError `tokenizer-unsupported` where there is neither. */
export function separatorOf(tokenizer: Tokenizer): number {
  const id = tokenizer.eosTokenId ?? tokenizer.bosTokenId;
  if (id !== undefined) return id;
  throw new DataError(
    'tokenizer-unsupported',
    'The tokenizer names neither an EOS nor a BOS token to put between documents. Name eos_token in its tokenizer_config.json.',
  );
}

/** Changes with everything that decides the bytes of the result, and with the files that were read. */
export async function inputsHash(options: PrepareOptions, listed: readonly ListedSource[]): Promise<string> {
  const { tokenizer, seed, subsetTokens = null, validationTokens, shardTokens = DEFAULT_SHARD_TOKENS } = options;
  const files = await Promise.all(
    listed.flatMap(({ source, files: found }) =>
      found.map(async (file) => ({
        ...file,
        ...{ weight: source.weight, passes: source.passes, modified: (await stat(file.path)).mtimeMs },
      })),
    ),
  );
  const separator = separatorOf(tokenizer);
  const inputs = [2, tokenizer.fingerprint, separator, seed, subsetTokens, validationTokens, shardTokens, files];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

function requireWeights(sources: readonly TextSource[]): void {
  const without = sources.find(({ weight }) => weight === undefined);
  const bad = sources.find(({ weight }) => weight !== undefined && !(Number.isFinite(weight) && weight > 0));
  if (bad !== undefined) {
    throw new DataError(
      'mixture-invalid',
      `data.sources gives ${bad.path} a weight of ${String(bad.weight)}. Give a number above 0.`,
    );
  }
  if (without === undefined || sources.every(({ weight }) => weight === undefined)) return;
  throw new DataError(
    'mixture-invalid',
    `data.sources gives ${without.path} no weight, and others have one. Give every source a weight, or none.`,
  );
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new DataError('token-range', `${name} is ${String(value)}. Give a whole number of at least ${String(least)}.`);
}
