import type { Checkpoint, TensorSpec } from './checkpoint.ts';

/** Pieces in which tensors are copied: large enough for the disk's full speed, a multiple of every element size. */
export const CHUNK_BYTES = 2 ** 20;

/** A checkpoint that can hand out a tensor in pieces, so that copying it needs a few MB however large it is. */
export interface ChunkedCheckpoint extends Checkpoint {
  /** The bytes of `readBytes` in order, in pieces of a multiple of 8 bytes; each is valid until the next is asked for. */
  readChunks(name: string): AsyncIterable<Uint8Array>;
}

/** One tensor to be written: its description and where its bytes come from. */
export interface TensorSource {
  readonly spec: TensorSpec;
  /** All bytes at once, in `spec.dtype`. */
  read(): Promise<Uint8Array>;
  /** The same bytes in pieces of a multiple of 8 bytes; preferred where it is given. */
  chunks?(): AsyncIterable<Uint8Array>;
}

/** A source that copies tensor `name` of `checkpoint` unchanged, in pieces if the checkpoint can. */
export function copyOf(
  checkpoint: Checkpoint | ChunkedCheckpoint,
  name: string,
  spec: TensorSpec,
): TensorSource {
  const read = (): Promise<Uint8Array> => checkpoint.readBytes(name);
  return 'readChunks' in checkpoint
    ? { spec, read, chunks: () => checkpoint.readChunks(name) }
    : { spec, read };
}
