/** The files that a tokenizer is built from: enough for another thread to build the same one. */
export interface TokenizerFiles {
  /** Bytes of `tokenizer.json`, or of SentencePiece's `tokenizer.model`. */
  readonly model: Uint8Array;
  readonly kind: 'tokenizer.json' | 'tokenizer.model';
  readonly tokenizerConfig?: Uint8Array | undefined;
  /** The parsed `config.json` of the model: its `bos_token_id` and `eos_token_id` where tokenizer_config names none. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** Text to token ids and back, as the model's own `tokenizer.json` or `tokenizer.model` says. */
export interface Tokenizer {
  /** Number of ids, added tokens included. */
  readonly vocabularySize: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
  readonly bosToken: string | undefined;
  /** sha256 of the files it was built from: part of every hash that depends on token ids. */
  readonly fingerprint: string;
  /** Ids of `text`; with `addSpecialTokens` (default true) the post-processor may add BOS/EOS, as in `tokenizers`. */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[];
  decode(ids: readonly number[]): string;
  /** What it was built from; without it text is tokenized in the calling thread alone. */
  readonly files?: TokenizerFiles | undefined;
}
