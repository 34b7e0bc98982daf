import { stat } from 'node:fs/promises';
import type { Checkpoint } from './checkpoint.ts';
import { WeightsError, fileErrorReason } from './errors.ts';
import { openGguf } from './gguf/gguf-checkpoint.ts';
import { openHuggingFaceFolder } from './hugging-face-folder.ts';

/**
 * Opens a model on disk: a folder in Hugging Face layout, or a `.gguf` file (LLaMA family; its tensors appear dequantised, as F32,
 * under their Hugging Face names). Headers are checked now; tensors are read one at a time when asked for.
 */
export async function openCheckpoint(location: string): Promise<Checkpoint> {
  const stats = await stat(location).catch((cause: unknown) => {
    throw new WeightsError(
      'missing',
      `${location} cannot be opened: ${fileErrorReason(cause) ?? String(cause)}. Give a model folder or a .gguf file.`,
      { cause },
    );
  });
  if (stats.isDirectory()) return openHuggingFaceFolder(location);
  if (location.toLowerCase().endsWith('.gguf')) return openGguf(location);
  throw new WeightsError(
    'unsupported',
    `${location} is neither a folder nor a .gguf file. Give the folder that holds config.json and the safetensors files, or a .gguf file.`,
  );
}
