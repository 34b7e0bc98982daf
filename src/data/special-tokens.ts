import { DataError } from './data-error.ts';

/** A special token by both its names. */
export interface SpecialToken {
  readonly id: number;
  readonly token: string | undefined;
}

/**
 * BOS or EOS: the token that tokenizer_config.json names, else the id in config.json (the first where that is a list),
 * else none.
 * @throws DataError `tokenizer-unsupported` where the named token has no id, `tokenizer-mismatch` where the id is no token id.
 */
export function resolveSpecialToken(
  kind: 'bos' | 'eos',
  tokenizerConfig: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>> | undefined,
  idOfToken: ReadonlyMap<string, number>,
  tokenOfId: ReadonlyMap<number, string>,
  file: 'tokenizer.json' | 'tokenizer.model',
): SpecialToken | undefined {
  const token = tokenText(tokenizerConfig[`${kind}_token`]);
  if (token !== undefined) {
    const id = idOfToken.get(token);
    if (id !== undefined) return { id, token };
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer_config.json: ${kind}_token is ${JSON.stringify(token)}, which ${file} does not hold. ` +
        'Use two files that belong together.',
    );
  }
  const stored = config?.[`${kind}_token_id`];
  const id: unknown = Array.isArray(stored) ? stored[0] : stored;
  if (id === undefined || id === null) return undefined;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
    throw new DataError(
      'tokenizer-mismatch',
      `config.json: ${kind}_token_id is ${JSON.stringify(stored)}, not a token id. Correct the file, or name the token in tokenizer_config.json.`,
    );
  }
  // A token-less row of a padded embedding is not this tokenizer's BOS or EOS (seen where config.json keeps its class's default).
  return tokenOfId.has(id) ? { id, token: tokenOfId.get(id) } : undefined;
}

/**
 * `transformers` adds tokens that only tokenizer_config.json lists (`added_tokens_decoder`), and so would give other ids.
 * @throws DataError `tokenizer-unsupported` where it lists one that `file` lacks or numbers otherwise.
 */
export function requireSameAddedTokens(
  tokenizerConfig: Readonly<Record<string, unknown>>,
  idOfToken: ReadonlyMap<string, number>,
  file: 'tokenizer.json' | 'tokenizer.model',
): void {
  for (const [id, listed] of Object.entries(tokenizerConfig['added_tokens_decoder'] ?? {})) {
    const token = tokenText(listed);
    if (token === undefined || idOfToken.get(token) === Number(id)) continue;
    const stored = idOfToken.get(token);
    throw new DataError(
      'tokenizer-unsupported',
      `tokenizer_config.json: added_tokens_decoder gives ${JSON.stringify(token)} the id ${id}, and ${file} ${stored === undefined ? 'does not hold it' : `gives it ${String(stored)}`}. ` +
        'Write both files again with save_pretrained.',
    );
  }
}

/** Either a string or, in files that keep an added token's flags, an object with `content`. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  const content = typeof value === 'object' && value !== null && 'content' in value ? value.content : undefined;
  return typeof content === 'string' && content !== '' ? content : undefined;
}
