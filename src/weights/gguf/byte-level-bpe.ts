import { WeightsError } from '../errors.ts';
import { optionalStrings } from './gguf-metadata.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { preTokenizer } from './gguf-pre-tokenizer.ts';
import type { TokenizerParts, Vocabulary } from './gguf-tokenizer.ts';

/**
 * Byte-level BPE (`tokenizer.ggml.model` = "gpt2"): vocabulary and merges as they are. An unknown pre-tokenizer is refused by name, since
 * a text split in another way gives other token ids without any error.
 */
export function byteLevelParts(metadata: GgufMetadata, vocabulary: Vocabulary): TokenizerParts {
  const merges = optionalStrings(metadata, 'tokenizer.ggml.merges') ?? [];
  checkMerges(metadata, vocabulary.ids, merges);
  const choice = preTokenizer(metadata);
  return {
    normalizer: null,
    preTokenizer: choice.preTokenizer,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: choice.ignoreMerges,
      vocab: Object.fromEntries(vocabulary.ids),
      merges,
    },
    addBosByDefault: choice.addBosByDefault,
  };
}

function checkMerges(
  metadata: GgufMetadata,
  ids: ReadonlyMap<string, number>,
  merges: readonly string[],
): void {
  const problem = (what: string): WeightsError =>
    new WeightsError(
      'unsupported',
      `${metadata.file} cannot be used: ${what}. Take the model as a folder in Hugging Face layout instead.`,
    );
  if (merges.length === 0) throw problem('tokenizer.ggml.merges is missing');
  for (const merge of merges) {
    // Byte-level tokens hold no space (it is written Ġ): exactly one stands between the two halves.
    const [left, right, ...rest] = merge.split(' ');
    if (
      right === undefined ||
      rest.length > 0 ||
      ![left!, right, left! + right].every((part) => ids.has(part))
    ) {
      throw problem(`the merge ${JSON.stringify(merge)} does not fit its vocabulary`);
    }
  }
}
