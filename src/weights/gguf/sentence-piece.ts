import { WeightsError } from '../errors.ts';
import { optionalBoolean, optionalNumber, optionalNumbers } from './gguf-metadata.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { TOKEN_TYPE } from './gguf-tokenizer.ts';
import type { TokenizerParts, Vocabulary } from './gguf-tokenizer.ts';

/**
 * SentencePiece BPE (`tokenizer.ggml.model` = "llama"): pieces with scores, spaces written as U+2581, bytes for what no piece covers.
 * The merges that tokenizer.json needs are every split of a piece into two pieces, best score first (`generate_merges` of
 * transformers' `convert_slow_tokenizer.py`); normalizer and decoder are those of the published LLaMA tokenizer.json.
 */
export function sentencePieceParts(metadata: GgufMetadata, vocabulary: Vocabulary): TokenizerParts {
  const scores = optionalNumbers(metadata, 'tokenizer.ggml.scores') ?? [];
  if (scores.length !== vocabulary.tokens.length || vocabulary.types.length !== scores.length) {
    throw new WeightsError(
      'unsupported',
      `${metadata.file} cannot be used: its vocabulary has ${vocabulary.tokens.length} tokens, ${scores.length} scores and ${vocabulary.types.length} types. Take the model as a folder in Hugging Face layout instead.`,
    );
  }
  const prefix = optionalBoolean(metadata, 'tokenizer.ggml.add_space_prefix') ?? true;
  const unknown = vocabulary.tokens[optionalNumber(metadata, 'tokenizer.ggml.unknown_token_id') ?? 0];
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(prefix ? [{ type: 'Prepend', prepend: SPACE }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
      ],
    },
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.ids),
      merges: mergesByScore(vocabulary, scores),
    },
    addBosByDefault: true,
  };
}

const SPACE = '\u2581';

interface Merge {
  readonly left: string;
  readonly right: string;
  readonly score: number;
  readonly lengths: readonly [number, number];
}

function mergesByScore({ tokens, types, ids }: Vocabulary, scores: readonly number[]): string[] {
  const isPiece = (id: number | undefined): boolean => id !== undefined && types[id] === TOKEN_TYPE.normal;
  const merges: Merge[] = [];
  for (const [id, token] of tokens.entries()) {
    if (!isPiece(id)) continue;
    const characters = [...token];
    const splits: Merge[] = [];
    for (let cut = 1; cut < characters.length; cut++) {
      const left = characters.slice(0, cut).join('');
      const right = characters.slice(cut).join('');
      if (!isPiece(ids.get(left)) || !isPiece(ids.get(right))) continue;
      splits.push({ left, right, score: scores[id]!, lengths: [cut, characters.length - cut] });
    }
    merges.push(
      ...splits.sort((a, b) => ids.get(a.left)! - ids.get(b.left)! || ids.get(a.right)! - ids.get(b.right)!),
    );
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ left, right }) => `${left} ${right}`);
}
