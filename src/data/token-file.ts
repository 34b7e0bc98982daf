import { open, stat } from 'node:fs/promises';

import { DataError } from './data-error.ts';

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
 * Opens a `.bin` file for positioned reads.
 * @throws DataError `token-file-invalid` where it is missing, empty, or not a whole number of ids.
 */
export async function openTokenFile(path: string, options: { vocabularySize: number }): Promise<TokenFile> {
  const { vocabularySize } = options;
  const width = bytesPerToken(vocabularySize);
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
  const handle = await open(path, 'r');
  const tokens = bytes / width;
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
      const buffer = Buffer.alloc(count * width);
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset * width + filled);
        if (bytesRead === 0) {
          throw new DataError('token-file-invalid', `${path} became shorter while it was read. Prepare the tokens again.`);
        }
        filled += bytesRead;
      }
      const ids = new Int32Array(count);
      for (let i = 0; i < count; i += 1) {
        const id = width === 2 ? buffer.readUInt16LE(i * 2) : buffer.readUInt32LE(i * 4);
        if (id >= vocabularySize) throw outOfVocabulary(path, offset + i, id, vocabularySize);
        ids[i] = id;
      }
      return ids;
    },
    close: () => handle.close(),
  };
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
