import type { Tokenizer } from '../data/tokenizer.ts';
import { InherituneError } from '../errors.ts';
import { EvaluateError } from './evaluate-error.ts';
import { pythonRightStrip } from './python-strip.ts';
import type { LoglikelihoodRequest, TokenRequest } from './result.ts';

export interface EncodeOptions {
  /** The model's context length in tokens. */
  readonly maxLength: number;
  /** lm-eval's `add_bos_token`; unset means whatever the tokenizer does by default. */
  readonly addBos?: boolean | undefined;
}

/** Encodes one request; `item` names it in errors. */
export type RequestEncoder = (request: LoglikelihoodRequest, item: string) => TokenRequest;

/** Choices of an item follow one another, and mc1 and mc2 share their 817 contexts. */
const CACHED_CONTEXTS = 1024;

/** One request without a cache; see `requestEncoder`. */
export function encodeRequest(
  request: LoglikelihoodRequest,
  tokenizer: Tokenizer,
  options: EncodeOptions,
): TokenRequest {
  return requestEncoder(tokenizer, options)(request, 'the request');
}

/**
 * Requests in token ids as lm-eval's Hugging Face model makes them (`api/model.py` `_encode_pair` and `loglikelihood`,
 * `models/huggingface.py` `tok_encode` and `_loglikelihood_tokens`):
 * white space at the end of the context belongs to the continuation; the continuation's ids are those of the whole text
 * behind as many ids as the context alone has, even where a merge crosses the border; what is too long loses its start.
 *
 * Requests with the same context and a continuation of one token share one `input` array.
 * @throws EvaluateError `bad-request` for a continuation without tokens or longer than the model's context
 */
export function requestEncoder(tokenizer: Tokenizer, { maxLength, addBos }: EncodeOptions): RequestEncoder {
  if (!Number.isInteger(maxLength) || maxLength < 1) {
    throw new EvaluateError(
      'bad-option',
      `The context length ${String(maxLength)} is not a whole number from 1. Give the model's.`,
    );
  }
  const prefixText = prefixTextOf(tokenizer);
  const encode = (text: string): number[] => {
    // A text that already starts with the BOS text gets no second one.
    if (prefixText !== '' && text.startsWith(prefixText))
      return tokenizer.encode(text, { addSpecialTokens: false });
    return tokenizer.encode(text, addBos === undefined ? {} : { addSpecialTokens: addBos });
  };
  const contexts = cached(encode);
  const shared = new WeakMap<readonly number[], readonly number[]>();

  return (request, item) => {
    const { context, continuation } = naming(item, () =>
      request.context === ''
        ? withoutContext(request.continuation, tokenizer, item)
        : split(request, encode, contexts),
    );
    if (context.length === 0) {
      throw new EvaluateError(
        'bad-request',
        `${item}: the context has no tokens. Give a context that is not only white space.`,
      );
    }
    if (continuation.length === 0) {
      throw new EvaluateError(
        'bad-request',
        `${item}: the continuation ${JSON.stringify(request.continuation)} has no tokens of its own, so there is nothing to score. Correct the row.`,
      );
    }
    if (continuation.length > maxLength) {
      throw new EvaluateError(
        'bad-request',
        `${item}: the continuation has ${String(continuation.length)} tokens, more than the model's context of ${String(maxLength)}. ` +
          'Leave this task out or use a model with a longer context.',
      );
    }
    const truncated = Math.max(0, context.length + continuation.length - (maxLength + 1));
    if (continuation.length > 1) {
      return {
        input: [...context, ...continuation.slice(0, -1)].slice(truncated),
        targets: continuation,
        truncated,
      };
    }
    let input = shared.get(context);
    if (input === undefined)
      shared.set(context, (input = truncated === 0 ? context : context.slice(truncated)));
    return { input, targets: continuation, truncated };
  };
}

/** A text that the tokenizer refuses (half a surrogate pair) is found by its item, not by its characters. */
function naming<T>(item: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InherituneError) || error instanceof EvaluateError) throw error;
    throw new EvaluateError('bad-request', `${item}: ${error.message}`, {
      exitCode: error.exitCode,
      cause: error,
    });
  }
}

type Encode = (text: string) => readonly number[];
type Pair = Record<'context' | 'continuation', readonly number[]>;

function split({ context, continuation }: LoglikelihoodRequest, encode: Encode, contexts: Encode): Pair {
  const ids = contexts(pythonRightStrip(context));
  return { context: ids, continuation: encode(context + continuation).slice(ids.length) };
}

/** Without a context the BOS (else EOS) token is read first; a continuation that starts with it gives it up. */
function withoutContext(text: string, tokenizer: Tokenizer, item: string): Pair {
  const prefix = tokenizer.bosTokenId ?? tokenizer.eosTokenId;
  const ids = tokenizer.encode(text, { addSpecialTokens: false });
  if (prefix === undefined) {
    throw new EvaluateError(
      'bad-request',
      `${item}: the context is empty and the tokenizer has neither BOS nor EOS. Give a context.`,
    );
  }
  return ids[0] === prefix
    ? { context: ids.slice(0, 1), continuation: ids.slice(1) }
    : { context: [prefix], continuation: ids };
}

/** The text of the BOS (else EOS) token, '' if there is none. */
function prefixTextOf(tokenizer: Tokenizer): string {
  if (tokenizer.bosTokenId !== undefined && tokenizer.bosToken !== undefined) return tokenizer.bosToken;
  const id = tokenizer.bosTokenId ?? tokenizer.eosTokenId;
  return id === undefined ? '' : tokenizer.decode([id]);
}

function cached(encode: Encode): Encode {
  const known = new Map<string, readonly number[]>();
  return (text) => {
    let ids = known.get(text);
    if (ids === undefined) {
      ids = encode(text);
      if (known.size === CACHED_CONTEXTS) known.delete(known.keys().next().value!);
      known.set(text, ids);
    }
    return ids;
  };
}
