import { CHARACTER_TO_BYTE } from './byte-alphabet.ts';
import { metaspaceScheme } from './tokenizer-schema.ts';

import type { DecoderSpec } from './tokenizer-schema.ts';

/** Token strings to text pieces; the text is the pieces joined. */
export type DecodeTokens = (tokens: readonly string[]) => string[];

const encoder = new TextEncoder();
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/**
 * The decoder of a `tokenizer.json`, by the Rust rules (tokenizers/src/decoders, pre_tokenizers/byte_level.rs).
 * The library's decoders drop a byte order mark, and count replacement characters and leading spaces differently.
 */
export function createDecoder(spec: DecoderSpec | null | undefined): DecodeTokens {
  if (spec === null || spec === undefined) return (tokens) => [tokens.join(' ')];
  switch (spec.type) {
    case 'Sequence': {
      const steps = spec.decoders.map(createDecoder);
      return (tokens) => steps.reduce<string[]>((pieces, step) => step(pieces), [...tokens]);
    }
    case 'ByteLevel':
      return (tokens) => [lossy.decode(Uint8Array.from(tokens.flatMap(bytesOf)))];
    case 'ByteFallback':
      return joinByteTokens;
    case 'Fuse':
      return (tokens) => [tokens.join('')];
    case 'Replace':
      return (tokens) => tokens.map((token) => token.replaceAll(spec.pattern.String, () => spec.content));
    case 'Strip':
      return (tokens) => tokens.map((token) => strip(token, spec.content, spec.start, spec.stop));
    case 'Metaspace': {
      const keepsFirst = metaspaceScheme(spec) === 'never';
      return (tokens) =>
        tokens.map((token, i) => token.replaceAll(spec.replacement, () => (i === 0 && !keepsFirst ? '' : ' ')));
    }
  }
}

function bytesOf(token: string): number[] {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = CHARACTER_TO_BYTE.get(character);
    if (byte === undefined) return [...encoder.encode(token)];
    bytes.push(byte);
  }
  return bytes;
}

/** `<0xE2>`-style tokens in a row become one text, or one U+FFFD a byte where they are not UTF-8. */
function joinByteTokens(tokens: readonly string[]): string[] {
  const pieces: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length === 0) return;
    try {
      pieces.push(strict.decode(Uint8Array.from(bytes)));
    } catch {
      pieces.push('\ufffd'.repeat(bytes.length));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte === undefined) {
      flush();
      pieces.push(token);
    } else {
      bytes.push(Number.parseInt(byte, 16));
    }
  }
  flush();
  return pieces;
}

function strip(token: string, content: string, start: number, stop: number): string {
  const characters = [...token];
  let from = 0;
  while (from < start && characters[from] === content) from += 1;
  let to = characters.length;
  while (characters.length - to < stop && to > 0 && characters[to - 1] === content) to -= 1;
  return from < to ? characters.slice(from, to).join('') : '';
}
