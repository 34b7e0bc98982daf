/** Text to token ids and back, as the model's own `tokenizer.json` says. */
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
}
