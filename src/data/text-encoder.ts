import { buildTokenizer } from './build-tokenizer.ts';
import { DataError } from './data-error.ts';
import { createNativeEncoder } from './native-encoder.ts';

import type { EncodeTexts } from './encode-documents.ts';
import type { TokenizerFiles } from './tokenizer.ts';

/** `native` is the Rust library's binding, `javascript` the code here. */
export type TextEngine = 'native' | 'javascript';

export interface TextEncoderOptions {
  readonly files: TokenizerFiles;
  readonly engine: TextEngine;
}

/** Ids of texts by one engine. @throws DataError `tokenizer-unsupported` where the native one does not load. */
export function createTextEncoder({ files, engine }: TextEncoderOptions): EncodeTexts {
  if (engine === 'native') {
    const native = createNativeEncoder(files);
    if (native !== undefined) return native;
    throw new DataError(
      'tokenizer-unsupported',
      'The npm package tokenizers does not load here. Install it, or leave the choice of the engine to inheritune.',
    );
  }
  const tokenizer = buildTokenizer(files);
  return (texts) => texts.map((text) => tokenizer.encode(text, { addSpecialTokens: false }));
}

/**
 * The engine for a preparation: JavaScript, which looks up the words that it has seen and takes a third of the native one's
 * CPU time (benchmarks/results/tokenizers.md); but where the native one loads it has the last word, and on any difference in
 * the ids of `sample` it is used for everything.
 */
export async function chooseEngine(files: TokenizerFiles, sample: readonly string[]): Promise<TextEngine> {
  const native = createNativeEncoder(files);
  if (native === undefined) return 'javascript';
  const expected = await native(sample);
  const found = await createTextEncoder({ files, engine: 'javascript' })(sample);
  const isSame = found.every((ids, i) => {
    const other = expected[i]!;
    return ids.length === other.length && Array.from(ids).every((id, at) => id === other[at]);
  });
  return isSame ? 'javascript' : 'native';
}
