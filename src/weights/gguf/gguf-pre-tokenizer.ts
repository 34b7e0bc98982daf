import { WeightsError } from '../errors.ts';
import { optionalString } from './gguf-metadata.ts';
import type { GgufMetadata } from './gguf-metadata.ts';

export interface PreTokenizerChoice {
  /** The `pre_tokenizer` of tokenizer.json. */
  readonly preTokenizer: Readonly<Record<string, unknown>>;
  readonly ignoreMerges: boolean;
  /** What llama.cpp does where the file has no `add_bos_token`. */
  readonly addBosByDefault: boolean;
}

/** How text is cut into words before merging, by the name in `tokenizer.ggml.pre` (`llm_load_vocab` of llama.cpp). */
export function preTokenizer(metadata: GgufMetadata): PreTokenizerChoice {
  const name = optionalString(metadata, 'tokenizer.ggml.pre') ?? 'default';
  const choice = CHOICES[name];
  if (choice !== undefined) return choice;
  throw new WeightsError(
    'unsupported',
    `${metadata.file} cannot be used: its pre-tokenizer is ${JSON.stringify(name)}, known are ${Object.keys(CHOICES).join(', ')}. Take the model as a folder in Hugging Face layout instead.`,
  );
}

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

const GPT2: PreTokenizerChoice = { preTokenizer: BYTE_LEVEL, ignoreMerges: false, addBosByDefault: false };

const LLAMA3: PreTokenizerChoice = {
  preTokenizer: {
    type: 'Sequence',
    pretokenizers: [
      {
        type: 'Split',
        pattern: {
          // Meta's tiktoken pattern of LLaMA 3.
          Regex:
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        },
        behavior: 'Isolated',
        invert: false,
      },
      { ...BYTE_LEVEL, use_regex: false },
    ],
  },
  ignoreMerges: true,
  addBosByDefault: true,
};

const SMOLLM: PreTokenizerChoice = {
  preTokenizer: {
    type: 'Sequence',
    pretokenizers: [{ type: 'Digits', individual_digits: true }, BYTE_LEVEL],
  },
  ignoreMerges: false,
  addBosByDefault: false,
};

const CHOICES: Readonly<Record<string, PreTokenizerChoice>> = {
  default: GPT2,
  'gpt-2': GPT2,
  smollm: SMOLLM,
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
};
