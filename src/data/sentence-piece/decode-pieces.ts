import { PIECE } from './model-proto.ts';
import { SPACE } from './normalize-text.ts';

import type { SentencePieceModel } from './model-proto.ts';

/** Ids to text, as `SentencePieceProcessor::Decode` (sentencepiece/src/sentencepiece_processor.cc). Ids without a piece are left out. */
export function createPieceDecoder(model: SentencePieceModel): (ids: readonly number[]) => string {
  const { pieces, addDummyPrefix, removeExtraSpaces, unknownSurface } = model;
  return (ids) => {
    let text = '';
    let bytes: number[] = [];
    let atStart = true;
    let spaceSeen = false;
    const flush = (): void => {
      if (bytes.length > 0) text += decodeBytes(bytes);
      bytes = [];
    };
    for (const id of ids) {
      const piece = pieces[id];
      if (piece === undefined) continue;
      if (piece.type === PIECE.byte) {
        bytes.push(Number.parseInt(piece.text.slice(3, 5), 16));
        continue;
      }
      flush();
      if (spaceSeen || text !== '') atStart = false;
      if (piece.type === PIECE.control) continue;
      if (piece.type === PIECE.unknown) {
        text += unknownSurface;
        continue;
      }
      let written = piece.text;
      if (atStart && (addDummyPrefix || removeExtraSpaces) && written.startsWith(SPACE)) {
        written = written.slice(1);
        // Where spaces are removed, all leading ones are.
        spaceSeen = !removeExtraSpaces;
      }
      text += written.replaceAll(SPACE, ' ');
    }
    flush();
    return text;
  };
}

const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** UTF-8 characters, and U+FFFD for every byte that is part of none. */
function decodeBytes(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      text += strict.decode(Uint8Array.from(bytes.slice(at, at + length)));
      at += length;
    } catch {
      text += '\ufffd';
      at += 1;
    }
  }
  return text;
}
