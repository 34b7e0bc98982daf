import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../errors.ts';
import { EngineError } from './engine-error.ts';
import { ENGINE_MANIFESTS } from './manifest.ts';
import type { EngineManifest, EnginePlatform, EngineVariant } from './manifest.ts';
import { runProgram } from './run-program.ts';

/** Which engine a machine gets, and why, in words for the log. */
export interface VariantChoice {
  readonly variant: EngineVariant;
  readonly manifest: EngineManifest;
  readonly reason: string;
}

/**
 * `auto` is cuda where an NVIDIA driver is at work and the platform has that engine, else cpu.
 *
 * @throws EngineError `engine-platform` when `cuda` is asked for on a platform without it.
 */
export async function chooseVariant(
  asked: 'auto' | EngineVariant,
  platform: EnginePlatform,
  env: NodeJS.ProcessEnv,
): Promise<VariantChoice> {
  const manifests = ENGINE_MANIFESTS[platform];
  if (asked !== 'auto') {
    const manifest = manifests[asked];
    if (manifest !== undefined) return { variant: asked, manifest, reason: 'as asked' };
    throw new EngineError(
      'engine-platform',
      `There is no ${asked} build of TensorFlow for ${platform}. Use the variant ${Object.keys(manifests).join(' or ')}, or give your own build as --native-dir.`,
      { exitCode: EXIT.usage },
    );
  }
  const driver = await findNvidiaDriver(env);
  if (driver !== undefined && manifests.cuda !== undefined) {
    return { variant: 'cuda', manifest: manifests.cuda, reason: `NVIDIA driver found: ${driver}` };
  }
  const cpu = manifests.cpu;
  if (cpu === undefined) throw new EngineError('engine-platform', `There is no TensorFlow for ${platform}.`);
  const reason = driver === undefined ? 'no NVIDIA driver found' : `no CUDA build exists for ${platform}`;
  return { variant: 'cpu', manifest: cpu, reason };
}

/** Where a driver was seen, or undefined. Containers may have only one of these traces. */
export async function findNvidiaDriver(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  // The usual ways of hiding the GPU from a program.
  if (env['CUDA_VISIBLE_DEVICES'] === '' || env['CUDA_VISIBLE_DEVICES'] === '-1') return undefined;
  const smi = await runProgram('nvidia-smi', ['--list-gpus'], { env, timeoutMs: 20_000 });
  if (smi.state === 'ended' && smi.exitCode === 0 && smi.stdout.includes('GPU')) return 'nvidia-smi';
  const folders = [
    ...(env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/local/nvidia/lib64'],
    '/usr/lib/wsl/lib',
  ];
  const traces = ['/proc/driver/nvidia/version', ...folders.map((folder) => join(folder, 'libcuda.so.1'))];
  return traces.find((path) => existsSync(path));
}
