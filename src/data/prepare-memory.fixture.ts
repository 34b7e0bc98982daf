/**
 * A program of its own: prepares tokens, opens the result as a training does (every shard is compared with its sha256), and prints, as
 * JSON, what it made, how long that took, and the process's largest resident set in bytes (Linux).
 */
import { readFile } from 'node:fs/promises';
import { silentProgress } from '../progress.ts';
import { loadTokenizer } from './json-tokenizer.ts';
import { openPrepared } from './open-prepared.ts';
import { prepareTokens } from './prepare.ts';
import type { PrepareOptions } from './prepare-options.ts';

/** Its one argument, as JSON. */
export interface PrepareMemoryOptions extends Omit<PrepareOptions, 'tokenizer' | 'progress' | 'signal'> {
  /** Path of a `tokenizer.json`. */
  readonly tokenizer: string;
  readonly separator: number;
}

export interface PrepareMemory {
  readonly documents: number;
  readonly tokens: number;
  readonly sha256: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

const { tokenizer: path, separator, ...options } = JSON.parse(process.argv[2]!) as PrepareMemoryOptions;
const tokenizer = loadTokenizer({ tokenizerJson: await readFile(path), config: { eos_token_id: separator } });
const start = performance.now();
const { sources, train } = await prepareTokens({ ...options, tokenizer, progress: silentProgress });
await (await openPrepared(options.outFolder, tokenizer)).close();
const result: PrepareMemory = {
  documents: sources.reduce((sum, { documents }) => sum + documents.unique, 0),
  tokens: train.tokens,
  sha256: train.sha256,
  seconds: (performance.now() - start) / 1000,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(result));
