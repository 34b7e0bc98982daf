/**
 * GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2 `encoder.py`, `bytes_to_unicode`):
 * printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up, in order.
 */
export const BYTE_TO_CHARACTER: readonly string[] = buildAlphabet();

export const CHARACTER_TO_BYTE: ReadonlyMap<string, number> = new Map(
  BYTE_TO_CHARACTER.map((character, byte) => [character, byte]),
);

const encoder = new TextEncoder();

/** The UTF-8 bytes of `text`, one stand-in character a byte. */
export function toByteAlphabet(text: string): string {
  let written = '';
  for (const byte of encoder.encode(text)) written += BYTE_TO_CHARACTER[byte]!;
  return written;
}

function buildAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(printable ? byte : next++);
  });
}
