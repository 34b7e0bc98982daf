import { extname } from 'node:path';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import { readDocuments } from '../data/sources/read-documents.ts';
import { listSourceFiles } from '../data/sources/text-source.ts';
import { openTokenFile } from '../data/token-file.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { InherituneError } from '../errors.ts';
import type { OpenModel } from './open-model.ts';

/** A text to look at a model with. */
export interface TextSample {
  /** A `.txt` or `.jsonl` file, a folder of them, or a `.bin` file of token ids. */
  readonly text: string;
  /** At most so many windows. */
  readonly windows: number;
  /** Tokens, at least 2. */
  readonly windowLength: number;
}

/**
 * The first windows of a text, end to end: its documents with the separator behind each, as training sees them; no token is added
 * in front of a window.
 * @throws InherituneError `text` where the text has no whole window, or a window is longer than the model's context; DataError for
 *   what is wrong with the files.
 */
export async function textWindows(
  sample: TextSample,
  model: Pick<OpenModel, 'checkpoint' | 'config'>,
  signal: AbortSignal,
): Promise<Int32Array[]> {
  const { text, windows, windowLength } = sample;
  const { maxPositions } = model.config;
  if (windowLength > maxPositions) {
    throw new InherituneError(
      'text',
      `A window of ${windowLength} tokens is longer than the ${maxPositions} positions of the model. Give a shorter window length.`,
    );
  }
  const wanted = windows * windowLength;
  const ids =
    extname(text) === '.bin'
      ? await storedIds(text, model.config.vocabulary, wanted)
      : await tokenizedIds(text, await loadCheckpointTokenizer(model.checkpoint), wanted, signal);
  const whole = Math.floor(ids.length / windowLength);
  if (whole === 0) {
    throw new InherituneError(
      'text',
      `${text} has ${ids.length} tokens, and one window is ${windowLength}. Give more text or a shorter window length.`,
    );
  }
  return Array.from({ length: whole }, (_, i) =>
    Int32Array.from(ids.slice(i * windowLength, (i + 1) * windowLength)),
  );
}

async function storedIds(path: string, vocabularySize: number, wanted: number): Promise<number[]> {
  const file = await openTokenFile(path, { vocabularySize });
  try {
    return Array.from(await file.readTokens(0, Math.min(wanted, file.tokens)));
  } finally {
    await file.close();
  }
}

async function tokenizedIds(
  path: string,
  tokenizer: Tokenizer,
  wanted: number,
  signal: AbortSignal,
): Promise<number[]> {
  const separator = tokenizer.eosTokenId ?? tokenizer.bosTokenId;
  const ids: number[] = [];
  for (const file of await listSourceFiles({ path })) {
    if (file.packing !== 'none' || (file.format !== 'text' && file.format !== 'jsonl')) {
      throw new InherituneError(
        'text',
        `${file.origin} is not a plain .txt or .jsonl file. Unpack it, or give one that is.`,
      );
    }
    for await (const { text } of readDocuments(file)) {
      signal.throwIfAborted();
      if (text === '') continue;
      for (const id of firstTokens(text, wanted - ids.length, tokenizer)) ids.push(id);
      if (separator !== undefined) ids.push(separator);
      if (ids.length >= wanted) return ids.slice(0, wanted);
    }
  }
  return ids;
}

/** No text of a language has tokens as long as this on average; a book need not be tokenized for its first page. */
const CHARACTERS_PER_TOKEN = 32;

/** The first tokens of a document: at least `wanted`, where it has as many. */
function firstTokens(text: string, wanted: number, tokenizer: Tokenizer): number[] {
  const encode = (part: string): number[] => tokenizer.encode(part, { addSpecialTokens: false });
  const start = text.slice(0, (wanted + 1) * CHARACTERS_PER_TOKEN);
  const ids = encode(start);
  return start.length === text.length || ids.length > wanted ? ids : encode(text);
}
