import type { Checkpoint, TensorSpec } from '../checkpoint.ts';
import { bytesOf } from '../dtype.ts';
import { WeightsError } from '../errors.ts';
import { openPositioned } from '../positioned-file.ts';
import type { PositionedFile } from '../positioned-file.ts';
import { canDequantise, dequantise } from './dequantise.ts';
import { readGgufHeader } from './gguf-header.ts';
import type { GgufTensor } from './gguf-header.ts';
import { tokenizerFiles } from './gguf-tokenizer.ts';
import { llamaConfig } from './llama-config.ts';
import { IGNORED_TENSORS, huggingFaceName, unpermuteRows } from './llama-tensors.ts';

/**
 * Opens a LLaMA-family GGUF file as a checkpoint in Hugging Face terms: tensors under their transformers names as F32 (dequantised when
 * read, rows of q and k put back), `config.json` and tokenizer files rebuilt from the metadata. Source: ggml `docs/gguf.md`,
 * llama.cpp `convert_hf_to_gguf.py`.
 */
export async function openGguf(path: string): Promise<Checkpoint> {
  const file = await openPositioned(path);
  try {
    const header = await readGgufHeader(file);
    const config = llamaConfig(header, path);
    const files = tokenizerFiles({ file: path, values: header.metadata });
    const heads = {
      query: Number(config['num_attention_heads']),
      key: Number(config['num_key_value_heads']),
    };
    return checkpointOf(file, config, readersOf(file, header.tensors, heads), {
      'tokenizer.json': files.tokenizer,
      'tokenizer_config.json': files.tokenizerConfig,
      'generation_config.json': files.generationConfig,
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface TensorReader {
  readonly spec: TensorSpec;
  read(): Promise<Float32Array>;
}

function readersOf(
  file: PositionedFile,
  tensors: ReadonlyMap<string, GgufTensor>,
  heads: { readonly query: number; readonly key: number },
): Map<string, TensorReader> {
  const readers = new Map<string, TensorReader>();
  for (const tensor of tensors.values()) {
    if (IGNORED_TENSORS.has(tensor.name)) continue;
    const where = `${file.path}: tensor ${tensor.name}`;
    const mapped = huggingFaceName(tensor.name);
    if (mapped === undefined) {
      throw new WeightsError(
        'unsupported',
        `${where} is not part of a LLaMA model as known here. Take another model.`,
      );
    }
    const rows = tensor.shape[0] ?? 1;
    const headCount = mapped.interleaved === undefined ? undefined : heads[mapped.interleaved];
    if (headCount !== undefined && rows % (headCount * 2) !== 0) {
      throw new WeightsError(
        'bad-file',
        `${where} has ${rows} rows, which ${headCount} heads do not divide evenly. Convert the model again.`,
      );
    }
    // Refused on opening rather than half an hour into a copy.
    if (!canDequantise(tensor.type)) dequantise(new Uint8Array(0), tensor.type, where);
    readers.set(mapped.name, {
      spec: { name: mapped.name, dtype: 'F32', shape: tensor.shape },
      async read() {
        const values = dequantise(await file.read(tensor.position, tensor.bytes), tensor.type, where);
        return headCount === undefined ? values : unpermuteRows(values, headCount, rows);
      },
    });
  }
  return readers;
}

function checkpointOf(
  file: PositionedFile,
  config: Readonly<Record<string, unknown>>,
  readers: ReadonlyMap<string, TensorReader>,
  texts: Readonly<Record<string, string>>,
): Checkpoint {
  const readFloat32 = async (name: string): Promise<Float32Array> => {
    const reader = readers.get(name);
    if (reader !== undefined) return reader.read();
    throw new WeightsError(
      'missing',
      `${file.path} holds no tensor named ${JSON.stringify(name)}. Check that it is a whole model.`,
    );
  };
  return {
    source: file.path,
    config,
    tensors: new Map([...readers].map(([name, { spec }]) => [name, spec])),
    sidecars: new Map(Object.entries(texts).map(([name, text]) => [name, async () => Buffer.from(text)])),
    readFloat32,
    readBytes: async (name) => bytesOf(await readFloat32(name)),
    close: () => file.close(),
  };
}
