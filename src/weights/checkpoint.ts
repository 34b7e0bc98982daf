/** Element types of the safetensors format that a checkpoint of ours may hold. */
export type TensorDtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Name, element type and shape of a stored tensor; no data. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
}

/**
 * A model on disk, whatever its format: tensors by their Hugging Face names, one read at a time.
 * Nothing is loaded until a `read…` is awaited, so a checkpoint may be larger than memory.
 */
export interface Checkpoint {
  /** What a person would call it: the folder, file or hub id it was opened from. */
  readonly source: string;
  /** The parsed `config.json` (rebuilt from metadata for GGUF). */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorSpec>;
  /** Tokenizer and generation files by file name, to be carried along unchanged. */
  readonly sidecars: ReadonlyMap<string, () => Promise<Uint8Array>>;
  /** The stored bytes of one tensor, little endian, in its own dtype. */
  readBytes(name: string): Promise<Uint8Array>;
  /** One tensor converted to float32, row-major. */
  readFloat32(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}
