import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT } from '../errors.ts';
import type { Progress } from '../progress.ts';
import { silentProgress } from '../progress.ts';
import type { Checkpoint, TensorDtype, TensorSpec } from './checkpoint.ts';
import { byteLength, createConverter, isFloatDtype } from './dtype.ts';
import { WeightsError } from './errors.ts';
import { syncFolder, writeFailed, writeSynced } from './file-writes.ts';
import { createSafetensors } from './safetensors-writer.ts';
import { INDEX_FILE, planShards } from './shard-plan.ts';
import type { ShardPlan } from './shard-plan.ts';
import type { TensorSource } from './tensor-chunks.ts';

export interface CheckpointContent {
  readonly config: Readonly<Record<string, unknown>>;
  /** Written in this order over the shards. */
  readonly tensors: readonly TensorSource[];
  readonly sidecars?: Checkpoint['sidecars'];
  /** Converts every floating tensor to this type; without it each keeps its own. */
  readonly dtype?: 'F32' | 'F16' | 'BF16' | undefined;
  /** Above this many bytes of tensors the model is split over several files (default 5 GB). */
  readonly maxShardBytes?: number | undefined;
  readonly progress?: Progress | undefined;
}

/**
 * Writes a model in Hugging Face layout: `config.json`, safetensors (with an index above `maxShardBytes`) and sidecars.
 * A new folder appears whole or not at all. In a folder that exists, files are moved in one by one with `config.json` last, and weight files
 * of an earlier checkpoint there are removed, so that at no moment a mixture of two models can be opened.
 * A full disk or a folder that cannot be written is a `WeightsError` (exit code 1); what was written up to then is removed.
 */
export async function writeCheckpoint(folder: string, content: CheckpointContent): Promise<void> {
  const target = resolve(folder);
  const specs = content.tensors.map(({ spec }) => convertedSpec(spec, content.dtype));
  const plan = planShards(specs, content.maxShardBytes);
  const staging = await createStaging(target, folder);
  try {
    await checkSpace(staging, specs, folder);
    await writeTensors(staging, plan, content);
    if (plan.index !== undefined) await writeSynced(join(staging, INDEX_FILE), toJson(plan.index));
    for (const [name, read] of content.sidecars ?? []) await writeSynced(join(staging, name), await read());
    await writeSynced(join(staging, 'config.json'), toJson(convertedConfig(content.config, content.dtype)));
    await syncFolder(staging);
    await publish(staging, target);
  } catch (error) {
    // A failed write of a file names that file in the staging folder, which nobody has heard of.
    const isWrite = error instanceof WeightsError && error.code === 'weights/write-failed';
    throw writeFailed(folder, isWrite && error.cause !== undefined ? error.cause : error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function convertedSpec(spec: TensorSpec, dtype: CheckpointContent['dtype']): TensorSpec {
  return dtype === undefined || !isFloatDtype(spec.dtype) ? spec : { ...spec, dtype };
}

/** Loaders take the type from the config: it must say what the tensors are. */
function convertedConfig(
  config: CheckpointContent['config'],
  dtype: CheckpointContent['dtype'],
): Readonly<Record<string, unknown>> {
  if (dtype === undefined) return config;
  const key = 'dtype' in config ? 'dtype' : 'torch_dtype';
  return { ...config, [key]: TORCH_NAMES[dtype] };
}

const TORCH_NAMES = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

/** A new folder beside the target; inside it when it exists, since a mounted folder's parent is another file system. */
async function createStaging(target: string, shown: string): Promise<string> {
  const suffix = `writing-${randomBytes(4).toString('hex')}`;
  try {
    const exists = await stat(target).then(
      (stats) => {
        if (stats.isDirectory()) return true;
        throw new WeightsError(
          'write-failed',
          `${shown} is a file, not a folder. Choose another output folder.`,
          { exitCode: EXIT.usage },
        );
      },
      () => false,
    );
    const staging = exists
      ? join(target, `.${suffix}`)
      : join(dirname(target), `.${basename(target)}.${suffix}`);
    await mkdir(dirname(staging), { recursive: true });
    await mkdir(staging);
    return staging;
  } catch (cause) {
    throw writeFailed(shown, cause);
  }
}

async function checkSpace(staging: string, specs: readonly TensorSpec[], shown: string): Promise<void> {
  const needed = specs.reduce((sum, spec) => sum + byteLength(spec.dtype, spec.shape), 0);
  const { bavail, bsize } = await statfs(staging);
  if (needed <= bavail * bsize) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new WeightsError(
    'write-failed',
    `${shown} needs ${gigabytes(needed)} for the weights, but the disk has ${gigabytes(bavail * bsize)} free. Free space or choose another folder.`,
  );
}

async function writeTensors(staging: string, plan: ShardPlan, content: CheckpointContent): Promise<void> {
  const sources = new Map(content.tensors.map((source) => [source.spec.name, source]));
  const converters = new Map<TensorDtype, (piece: Uint8Array) => Uint8Array>();
  const step = (content.progress ?? silentProgress).start(
    'writing weights',
    content.tensors.length,
    'tensors',
  );
  for (const file of plan.files) {
    const writer = await createSafetensors(join(staging, file.name), file.specs);
    try {
      for (const { name } of writer.order) {
        await writer.write(name, converted(sources.get(name)!, content.dtype, converters));
        step.advance(1);
      }
      await writer.finish();
    } finally {
      await writer.abort();
    }
  }
  step.end();
}

/** Pieces of a tensor in the type to be written; the converters of earlier tensors are used again. */
async function* converted(
  source: TensorSource,
  dtype: CheckpointContent['dtype'],
  converters: Map<TensorDtype, (piece: Uint8Array) => Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const from = source.spec.dtype;
  let convert = converters.get(from);
  if (convert === undefined && dtype !== undefined && dtype !== from && isFloatDtype(from)) {
    convert = createConverter(from, dtype);
    converters.set(from, convert);
  }
  const pieces = source.chunks === undefined ? [await source.read()] : source.chunks();
  for await (const piece of pieces) yield convert === undefined ? piece : convert(piece);
}

async function publish(staging: string, target: string): Promise<void> {
  if (dirname(staging) !== target) {
    await rename(staging, target);
    await syncFolder(dirname(target));
    return;
  }
  await rm(join(target, 'config.json'), { force: true });
  const fresh = (await readdir(staging)).filter((name) => name !== 'config.json');
  for (const name of await readdir(target)) {
    if (WEIGHT_FILE.test(name) && !fresh.includes(name)) await rm(join(target, name));
  }
  for (const name of [...fresh, 'config.json']) await rename(join(staging, name), join(target, name));
  await syncFolder(target);
}

const WEIGHT_FILE = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
