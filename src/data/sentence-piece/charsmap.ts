/** The longest rule that a text begins with at a place: what stands there, and bytes it takes; undefined where none does. */
export type MatchRule = (bytes: Uint8Array, at: number) => { readonly text: string; readonly length: number } | undefined;

/**
 * The rules of a SentencePiece normalizer (`precompiled_charsmap`): the size of a Darts-clone double-array trie in four bytes,
 * the trie, and the replacements, each ended by a zero byte (sentencepiece/src/normalizer.cc, third_party/darts_clone/darts.h).
 * @throws Error where the blob is cut off
 */
export function createCharsmap(blob: Uint8Array): MatchRule {
  if (blob.length === 0) return () => undefined;
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
  const trieBytes = view.getUint32(0, true);
  if (4 + trieBytes > blob.length) throw new Error('its normalization rules are cut off');
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = blob.subarray(4 + trieBytes);
  const texts = new Map<number, string>();
  const textAt = (offset: number): string => {
    let found = texts.get(offset);
    if (found === undefined) {
      found = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        replacements.subarray(offset, replacements.indexOf(0, offset)),
      );
      texts.set(offset, found);
    }
    return found;
  };
  return (bytes, at) => {
    let node = offsetOf(units[0]!);
    let longest: { text: string; length: number } | undefined;
    for (let i = at; i < bytes.length; i += 1) {
      const label = bytes[i]!;
      node ^= label;
      const unit = units[node]!;
      // The label, with the mark of a leaf: a leaf is never one's child by label.
      if (((unit & 0x800000ff) >>> 0) !== label) break;
      node ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 1) longest = { text: textAt(units[node]! & 0x7fffffff), length: i + 1 - at };
    }
    return longest;
  };
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
