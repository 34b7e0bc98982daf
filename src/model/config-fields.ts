import { ModelError } from './model-error.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Fields of any model's config that do not change logits: bookkeeping, generation defaults, training-only settings
 * (dropout is never applied), and hints for other runtimes.
 */
const HARMLESS = new Set([
  ...[
    'architectures',
    'model_type',
    'torch_dtype',
    'dtype',
    'transformers_version',
    'use_cache',
    'initializer_range',
  ],
  ...[
    'bos_token_id',
    'eos_token_id',
    'pad_token_id',
    'sep_token_id',
    'decoder_start_token_id',
    'task_specific_params',
  ],
  ...[
    'attention_dropout',
    'hidden_dropout',
    'attn_pdrop',
    'embd_pdrop',
    'resid_pdrop',
    'pretraining_tp',
    'is_llama_config',
  ],
  ...[
    'output_attentions',
    'output_hidden_states',
    'return_dict',
    'use_return_dict',
    'id2label',
    'label2id',
    'problem_type',
  ],
  ...[
    'max_length',
    'min_length',
    'do_sample',
    'early_stopping',
    'num_beams',
    'temperature',
    'top_k',
    'top_p',
    'typical_p',
  ],
  ...[
    'repetition_penalty',
    'length_penalty',
    'no_repeat_ngram_size',
    'num_return_sequences',
    'output_scores',
    'prefix',
  ],
  ...[
    'chunk_size_feed_forward',
    'gradient_checkpointing',
    'use_bfloat16',
    'torchscript',
    'tokenizer_class',
    'is_decoder',
  ],
  ...[
    'transformers.js_config',
    'rope_interleaved',
    'auto_map',
    'name_or_path',
    'finetuning_task',
    'unk_token_id',
  ],
  ...[
    'summary_activation',
    'summary_first_dropout',
    'summary_proj_to_labels',
    'summary_type',
    'summary_use_proj',
  ],
  ...['reorder_and_upcast_attn', 'mlp_dropout', 'rope_scaling_factor', 'inheritune'],
]);

/** Reads typed fields, remembers which were read, and in the end refuses whatever is left and could matter. */
export class ConfigFields {
  private readonly json: Json;
  private readonly source: string;
  private readonly read = new Set<string>();

  constructor(json: Json, source: string) {
    this.json = json;
    this.source = source;
  }

  /** A positive whole number; without `fallback` the field must be there. */
  count(name: string, fallback?: number): number {
    const value = this.take(name) ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
    throw this.error(name, value, 'a positive whole number');
  }

  positive(name: string, fallback?: number): number {
    const value = this.take(name) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.error(name, value, 'a positive number');
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.take(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.error(name, value, 'true or false');
  }

  object(name: string): Json | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (typeof value === 'object' && !Array.isArray(value)) return value as Json;
    throw this.error(name, value, 'an object');
  }

  /** A field that may be absent or null, and if not must have one of the values this version computes with. */
  only(name: string, ...allowed: readonly unknown[]): void {
    const value = this.take(name);
    if (value === undefined || allowed.includes(value)) return;
    throw this.error(
      name,
      value,
      allowed.length === 0 ? 'absent' : allowed.map((a) => JSON.stringify(a)).join(' or '),
    );
  }

  /** Refuses what was not read, unless it is known not to change logits, or is null, false or empty. */
  refuseRest(): void {
    for (const [name, value] of Object.entries(this.json)) {
      if (this.read.has(name) || HARMLESS.has(name) || name.startsWith('_')) continue;
      if (value === null || value === false) continue;
      throw new ModelError(
        'config',
        `${this.source}: the field ${name} (${brief(value)}) is not known to this version and could change the model's numbers. Remove it from the file if it does not.`,
      );
    }
  }

  error(name: string, value: unknown, wanted: string): ModelError {
    return new ModelError(
      'config',
      `${this.source}: ${name} is ${value === undefined ? 'missing' : brief(value)}, and must be ${wanted}. Use a checkpoint that this version supports, or correct the file.`,
    );
  }

  private take(name: string): unknown {
    this.read.add(name);
    return this.json[name] ?? undefined;
  }
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
