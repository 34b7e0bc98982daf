import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { DataError } from './data-error.ts';
import { readManifest } from './read-manifest.ts';
import { MANIFEST_NAME } from './token-manifest.ts';

import type { FileHandle } from 'node:fs/promises';

/** Past this the ids do not fit in nanoGPT's uint16; at 65,536 they just would, the contract is "vocabulary > 65535". */
const MAX_UINT16_VOCABULARY = 65_535;

/** A file of token ids, raw little-endian uint16 or uint32 (nanoGPT's `.bin`, data/openwebtext/prepare.py). */
export interface TokenFile {
  readonly path: string;
  /** Number of ids in the file. */
  readonly tokens: number;
  readonly vocabularySize: number;
  readonly bytesPerToken: 2 | 4;
  /**
   * Ids `offset` … `offset + count - 1` as int32 `[count]`; nothing beyond them is read.
   * @throws DataError `token-out-of-vocabulary` naming file, position and value; `token-range` past the end.
   */
  readTokens(offset: number, count: number): Promise<Int32Array>;
  close(): Promise<void>;
}

export function bytesPerToken(vocabularySize: number): 2 | 4 {
  return vocabularySize > MAX_UINT16_VOCABULARY ? 4 : 2;
}

/**
 * Opens a `.bin` file for positioned reads. Where no file is at `path`, but a manifest beside it lists shards under that
 * name (`train.bin` for `train-00000.bin` and those behind it), the shards are read as one sequence.
 * @throws DataError `token-file-invalid` where it is missing, empty, or not a whole number of ids.
 */
export async function openTokenFile(path: string, options: { vocabularySize: number }): Promise<TokenFile> {
  const { vocabularySize } = options;
  const width = bytesPerToken(vocabularySize);
  const shards: Shard[] = [];
  let tokens = 0;
  for (const file of await shardPaths(path)) {
    const count = await countTokens(file, width, vocabularySize);
    shards.push({ path: file, start: tokens, tokens: count });
    tokens += count;
  }
  const handles = new Map<Shard, FileHandle>();
  const handleOf = async (shard: Shard): Promise<FileHandle> => {
    let handle = handles.get(shard);
    if (handle === undefined) {
      handle = await open(shard.path, 'r');
      handles.set(shard, handle);
    }
    return handle;
  };
  // A missing permission is said now and not in the middle of a training.
  await handleOf(shards[0]!);

  const readFrom = async (shard: Shard, offset: number, into: Int32Array): Promise<void> => {
    const handle = await handleOf(shard);
    const buffer = Buffer.alloc(into.length * width);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset * width + filled);
      if (bytesRead === 0) {
        throw new DataError('token-file-invalid', `${shard.path} became shorter while it was read. Prepare the tokens again.`);
      }
      filled += bytesRead;
    }
    for (let i = 0; i < into.length; i += 1) {
      const id = width === 2 ? buffer.readUInt16LE(i * 2) : buffer.readUInt32LE(i * 4);
      if (id >= vocabularySize) throw outOfVocabulary(shard.path, offset + i, id, vocabularySize);
      into[i] = id;
    }
  };
  return {
    path,
    tokens,
    vocabularySize,
    bytesPerToken: width,
    async readTokens(offset, count) {
      if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(count) || offset < 0 || count < 0 || offset + count > tokens) {
        throw new DataError(
          'token-range',
          `${path}: tokens ${String(offset)} to ${String(offset + count - 1)} were asked for and the file has ${String(tokens)}. Ask for tokens inside the file.`,
        );
      }
      const ids = new Int32Array(count);
      for (let done = 0; done < count; ) {
        const shard = shardAt(shards, offset + done);
        const within = offset + done - shard.start;
        const length = Math.min(count - done, shard.tokens - within);
        await readFrom(shard, within, ids.subarray(done, done + length));
        done += length;
      }
      return ids;
    },
    async close() {
      await Promise.all([...handles.values()].map((handle) => handle.close()));
      handles.clear();
    },
  };
}

interface Shard {
  readonly path: string;
  /** Its first token's place in the whole sequence. */
  readonly start: number;
  readonly tokens: number;
}

/** The shard that holds a token, by bisection: a run reads shards in random order. */
function shardAt(shards: readonly Shard[], token: number): Shard {
  let low = 0;
  let high = shards.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (shards[middle]!.start <= token) low = middle;
    else high = middle - 1;
  }
  return shards[low]!;
}

async function shardPaths(path: string): Promise<readonly string[]> {
  const name = (['train', 'validation'] as const).find((part) => basename(path) === `${part}.bin`);
  if (name === undefined || (await stat(path).catch(() => undefined)) !== undefined) return [path];
  const folder = dirname(path);
  if ((await stat(join(folder, MANIFEST_NAME)).catch(() => undefined)) === undefined) return [path];
  const part = (await readManifest(folder))[name];
  return part === null ? [path] : part.shards.map(({ file }) => join(folder, file));
}

async function countTokens(path: string, width: 2 | 4, vocabularySize: number): Promise<number> {
  const bytes = await sizeOf(path);
  if (bytes === 0) {
    throw new DataError('token-file-invalid', `${path} is empty. Prepare the tokens again.`);
  }
  if (bytes % width !== 0) {
    throw new DataError(
      'token-file-invalid',
      `${path} has ${String(bytes)} bytes, not a multiple of the ${String(width)} that an id takes in a vocabulary of ${String(vocabularySize)}. ` +
        'The file is cut off or of another type: prepare the tokens again.',
    );
  }
  return bytes / width;
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new DataError('token-file-invalid', `There is no token file ${path}. Correct the path, or prepare the tokens.`, {
      cause,
    });
  }
  throw new DataError('token-file-invalid', `${path} is not a file. Give the path of a .bin file.`);
}

function outOfVocabulary(path: string, position: number, id: number, vocabularySize: number): DataError {
  return new DataError(
    'token-out-of-vocabulary',
    `${path}: token ${String(position)} is ${String(id)}, and the vocabulary has ${String(vocabularySize)} ids. ` +
      'The file was made with another tokenizer or in another width (uint16 up to 65,535 ids, uint32 above): prepare it again.',
  );
}
