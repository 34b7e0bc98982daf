import { createRequire } from 'node:module';

import { refuseHalfPairs } from './tokenizer-schema.ts';

import type { EncodeTexts } from './encode-documents.ts';
import type { TokenizerFiles } from './tokenizer.ts';

/** As much of the npm package `tokenizers` (the Rust library's own binding) as is used. */
interface NativeLibrary {
  readonly Tokenizer: {
    fromString(json: string): {
      disableTruncation(): void;
      disablePadding(): void;
      encodeBatch(
        texts: readonly string[],
        options: { addSpecialTokens: boolean },
      ): Promise<readonly { getIds(): number[] }[]>;
    };
  };
}

/** Held in a variable so that a bundler leaves it to Node: the package is optional, and binary. */
const PACKAGE = 'tokenizers';

/**
 * The Rust binding for a `tokenizer.json`; undefined for other files, and where the package is absent or does not load.
 * Its batches are encoded on all cores. @throws DataError `text-not-unicode` as the JavaScript encoder
 */
export function createNativeEncoder(files: TokenizerFiles): EncodeTexts | undefined {
  if (files.kind !== 'tokenizer.json') return undefined;
  let library: NativeLibrary;
  try {
    library = createRequire(import.meta.url)(PACKAGE) as NativeLibrary;
  } catch {
    return undefined;
  }
  const tokenizer = library.Tokenizer.fromString(new TextDecoder().decode(files.model));
  // Set in some files for inference; a training text is taken whole.
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  return async (texts) => {
    // They would become U+FFFD on their way to Rust.
    for (const text of texts) refuseHalfPairs(text);
    const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
    return encodings.map((encoding) => encoding.getIds());
  };
}
