import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TensorSpec } from './checkpoint.ts';
import { toFloat32 } from './dtype.ts';
import { WeightsError, fileErrorReason } from './errors.ts';
import { openSafetensors } from './safetensors-file.ts';
import type { SafetensorsFile } from './safetensors-file.ts';
import { readShardIndex, shardNames } from './shard-index.ts';
import type { ShardIndex } from './shard-index.ts';
import { INDEX_FILE, SINGLE_FILE } from './shard-plan.ts';
import { SIDECAR_FILES } from './sidecars.ts';
import { CHUNK_BYTES } from './tensor-chunks.ts';
import type { ChunkedCheckpoint } from './tensor-chunks.ts';

/**
 * Opens a folder in Hugging Face layout: `config.json` and `model.safetensors`, or shards named by `model.safetensors.index.json`.
 * As in transformers, a single file wins over an index. Headers are checked now, data is read on demand.
 */
export async function openHuggingFaceFolder(folder: string): Promise<ChunkedCheckpoint> {
  const names = new Set(await listFolder(folder));
  const config = await readConfig(folder, names);
  const index = names.has(SINGLE_FILE) ? undefined : await findIndex(folder, names);
  const files: SafetensorsFile[] = [];
  try {
    for (const name of index === undefined ? [SINGLE_FILE] : shardNames(index)) {
      if (!names.has(name)) {
        throw new WeightsError(
          'missing',
          `${folder} lacks ${name}, which ${INDEX_FILE} names. Download the missing file.`,
        );
      }
      files.push(await openSafetensors(join(folder, name)));
    }
    return checkpointOf(folder, config, files, index, names);
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

function checkpointOf(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  files: readonly SafetensorsFile[],
  index: ShardIndex | undefined,
  names: ReadonlySet<string>,
): ChunkedCheckpoint {
  const owners = ownersOf(files);
  if (index !== undefined) checkIndex(folder, index, owners);
  const tensors = new Map<string, TensorSpec>();
  for (const file of files) for (const [name, entry] of file.entries) tensors.set(name, entry.spec);

  const ownerOf = (name: string): SafetensorsFile => {
    const owner = owners.get(name);
    if (owner !== undefined) return owner;
    throw new WeightsError(
      'missing',
      `${folder} holds no tensor named ${JSON.stringify(name)}. Check that the weights belong to this config.json.`,
    );
  };
  const sidecars = SIDECAR_FILES.filter((name) => names.has(name));
  return {
    source: folder,
    config,
    tensors,
    sidecars: new Map(sidecars.map((name) => [name, () => readFile(join(folder, name))])),
    readBytes: async (name) => ownerOf(name).read(name),
    readFloat32: async (name) => {
      const owner = ownerOf(name);
      return toFloat32(await owner.read(name), owner.entries.get(name)!.spec.dtype);
    },
    readChunks: (name) => ownerOf(name).chunks(name, CHUNK_BYTES),
    close: () => closeAll(files),
  };
}

function ownersOf(files: readonly SafetensorsFile[]): Map<string, SafetensorsFile> {
  const owners = new Map<string, SafetensorsFile>();
  for (const file of files) {
    for (const name of file.entries.keys()) {
      const other = owners.get(name);
      if (other !== undefined) {
        throw new WeightsError(
          'bad-file',
          `Tensor ${JSON.stringify(name)} is in two shards, ${other.path} and ${file.path}. Keep the files of one checkpoint only.`,
        );
      }
      owners.set(name, file);
    }
  }
  return owners;
}

function checkIndex(folder: string, index: ShardIndex, owners: ReadonlyMap<string, SafetensorsFile>): void {
  for (const [name, shard] of index.weightMap) {
    const owner = owners.get(name);
    if (owner?.path === join(folder, shard)) continue;
    const where = owner === undefined ? 'no shard holds it' : `it is in ${owner.path}`;
    throw new WeightsError(
      'bad-file',
      `${join(folder, INDEX_FILE)} says that tensor ${JSON.stringify(name)} is in ${shard}, but ${where}. Download the checkpoint again.`,
    );
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new WeightsError(
      'missing',
      `${folder} cannot be read: ${fileErrorReason(cause) ?? String(cause)}. Check the path.`,
      { cause },
    );
  }
}

async function readConfig(
  folder: string,
  names: ReadonlySet<string>,
): Promise<Readonly<Record<string, unknown>>> {
  const path = join(folder, 'config.json');
  if (!names.has('config.json')) {
    throw new WeightsError(
      'missing',
      `${folder} has no config.json. A model folder holds config.json beside its safetensors files.`,
    );
  }
  let config: unknown;
  try {
    config = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = fileErrorReason(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new WeightsError('bad-file', `${path} cannot be read as JSON: ${reason}. Download it again.`, {
      cause,
    });
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    return config as Readonly<Record<string, unknown>>;
  }
  throw new WeightsError('bad-file', `${path} is not a JSON object. Download it again.`);
}

async function findIndex(folder: string, names: ReadonlySet<string>): Promise<ShardIndex> {
  if (names.has(INDEX_FILE)) return readShardIndex(join(folder, INDEX_FILE));
  const pickled = [...names].find((name) => /^pytorch_model.*\.bin(\.index\.json)?$/.test(name));
  if (pickled !== undefined) {
    throw new WeightsError(
      'unsupported',
      `${folder} holds its weights only as ${pickled}, a pickle, which can run code when read. Convert it to safetensors (save_pretrained in transformers writes it) or take a revision that has model.safetensors.`,
    );
  }
  const gguf = [...names].find((name) => name.endsWith('.gguf'));
  const hint =
    gguf === undefined
      ? 'Check that the download is complete.'
      : `To use ${gguf}, give the path of that file.`;
  throw new WeightsError('missing', `${folder} has neither ${SINGLE_FILE} nor ${INDEX_FILE}. ${hint}`);
}

async function closeAll(files: readonly SafetensorsFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()));
}
