import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { ADDON_FILE } from './addon.ts';
import { cacheRootFolder, isWritable } from './cache.ts';
import { findCompiler } from './compiler.ts';
import { listGpus } from './device.ts';
import type { DoctorCheck, DoctorReport } from './doctor-report.ts';
import { doctorReport } from './doctor-report.ts';
import { EngineError } from './engine-error.ts';
import { findDamage } from './engine-record.ts';
import type { EngineVariant } from './manifest.ts';
import { findNativeDir } from './native-dir.ts';
import type { Machine } from './platform.ts';
import { enginePlatform, thisMachine } from './platform.ts';
import { describeProbe, probeEngine } from './probe.ts';
import { findPython } from './python.ts';
import { engineFolder } from './setup.ts';
import { chooseVariant, findNvidiaDriver } from './variant.ts';

export interface DoctorOptions {
  readonly variant?: 'auto' | EngineVariant;
  readonly nativeDir?: string;
  readonly cacheRoot?: string;
  readonly python?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly machine?: Machine;
  /** `process.versions.node` unless a test says otherwise. */
  readonly nodeVersion?: string;
}

/** What is there to compute with: an addon, or why there is none. */
type Located =
  | { readonly state: 'ready'; readonly addonPath: string; readonly variant: EngineVariant | undefined }
  | { readonly state: 'absent'; readonly neededBytes: number }
  | { readonly state: 'impossible' };

/** Looks at everything that `setup` and `run` depend on. Changes nothing and throws nothing. */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  const checks: DoctorCheck[] = [checkNode(options.nodeVersion ?? process.versions.node)];
  const located = await locate(options, checks);
  const ready = located.state === 'ready';
  checks.push(await checkPython(options, ready), await checkCompiler(options, ready));
  checks.push(...(await checkCache(options, located)), await checkMemory());
  if (located.state === 'ready') checks.push(await checkComputation(located, options.env));
  checks.push(await checkGpu(options.env));
  return doctorReport(checks);
}

function checkNode(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const found = `Node ${version}`;
  if (major > 20 || (major === 20 && minor >= 19)) return { name: 'node', state: 'ok', found };
  return { name: 'node', state: 'fail', found, advice: 'Install Node 20.19 or newer.' };
}

/** Adds the checks of platform and engine folder. */
async function locate(options: DoctorOptions, checks: DoctorCheck[]): Promise<Located> {
  const machine = options.machine ?? thisMachine();
  const found = `${machine.platform}-${machine.arch}, GNU C library ${machine.glibc ?? 'none'}`;
  try {
    if (options.nativeDir !== undefined) {
      const { addonPath } = findNativeDir(options.nativeDir);
      checks.push({ name: 'platform', state: 'ok', found });
      checks.push({ name: 'engine', state: 'ok', found: `${addonPath} (given as --native-dir)` });
      return { state: 'ready', addonPath, variant: undefined };
    }
    const platform = enginePlatform(machine);
    checks.push({ name: 'platform', state: 'ok', found });
    const { variant, manifest, reason } = await chooseVariant(
      options.variant ?? 'auto',
      platform,
      options.env,
    );
    const folder = engineFolder(options, manifest, variant, platform);
    const damage = existsSync(folder) ? await findDamage(folder) : 'not set up yet';
    const what = `TensorFlow ${manifest.tensorflow} for ${variant} (${reason}) in ${folder}`;
    if (damage === undefined) {
      checks.push({ name: 'engine', state: 'ok', found: what });
      return { state: 'ready', addonPath: join(folder, ADDON_FILE), variant };
    }
    const advice = 'Run `inheritune setup`; every command that needs it also sets it up.';
    checks.push({ name: 'engine', state: 'warn', found: `${what}: ${damage}`, advice });
    return { state: 'absent', neededBytes: manifest.diskBytes };
  } catch (error) {
    const name = error instanceof EngineError && error.code === 'engine-native-dir' ? 'engine' : 'platform';
    checks.push(failed(name, error, 'fail'));
    return { state: 'impossible' };
  }
}

async function checkPython(options: DoctorOptions, ready: boolean): Promise<DoctorCheck> {
  try {
    const { command, pipVersion } = await findPython(options);
    return { name: 'python', state: 'ok', found: `${command} with pip ${pipVersion}` };
  } catch (error) {
    return failed('python', error, ready ? 'warn' : 'fail');
  }
}

async function checkCompiler(options: DoctorOptions, ready: boolean): Promise<DoctorCheck> {
  try {
    const { version } = await findCompiler(options.env);
    return { name: 'compiler', state: 'ok', found: version };
  } catch (error) {
    return failed('compiler', error, ready ? 'warn' : 'fail');
  }
}

async function checkCache(options: DoctorOptions, located: Located): Promise<DoctorCheck[]> {
  const root = cacheRootFolder(options);
  const writable = await isWritable(root);
  const cache: DoctorCheck = writable
    ? { name: 'cache', state: 'ok', found: `${root} is writable` }
    : {
        name: 'cache',
        state: located.state === 'ready' ? 'warn' : 'fail',
        found: `${root} is not writable`,
        advice: 'Make it writable, or choose another with --cache-dir, RUNNER_TOOL_CACHE or XDG_CACHE_HOME.',
      };
  let existing = root;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const found = `${gigabytes(bavail * bsize)} free at ${existing}`;
  const needed = located.state === 'absent' ? located.neededBytes : 0;
  if (bavail * bsize >= needed) return [cache, { name: 'disk', state: 'ok', found }];
  const advice = `Setting up needs ${gigabytes(needed)}: free some space, or move the cache with --cache-dir.`;
  return [cache, { name: 'disk', state: 'fail', found, advice }];
}

/** Less than this and even the smallest model cannot be trained beside TensorFlow's own 0.5 GB. */
const LEAST_MEMORY_BYTES = 2e9;

async function checkMemory(): Promise<DoctorCheck> {
  const available = await availableMemory();
  const found = `${gigabytes(available)} available of ${gigabytes(totalmem())}`;
  if (available >= LEAST_MEMORY_BYTES) return { name: 'memory', state: 'ok', found };
  return {
    name: 'memory',
    state: 'warn',
    found,
    advice: 'Close other programs: small models need about 2 GB.',
  };
}

/** Linux counts the file cache as available; `freemem` does not. A container's limit is in `constrainedMemory`. */
async function availableMemory(): Promise<number> {
  const info = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(info)?.[1];
  const machine = kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? Math.min(machine, limit) : machine;
}

async function checkComputation(
  { addonPath, variant }: { addonPath: string; variant: EngineVariant | undefined },
  env: NodeJS.ProcessEnv,
): Promise<DoctorCheck> {
  const name = 'computation';
  const probe = await probeEngine({ addonPath, env, timeoutMs: 120_000 });
  const found = describeProbe(probe);
  if (probe.state !== 'correct') {
    const advice =
      'Delete the engine folder and run `inheritune setup` again; if it stays, use --variant cpu.';
    return { name, state: 'fail', found, advice };
  }
  if (variant !== 'cuda' || probe.usesGpu || (await findNvidiaDriver(env)) === undefined) {
    return { name, state: 'ok', found };
  }
  const advice = 'The CUDA build sees no GPU: look at the gpu line and at CUDA_VISIBLE_DEVICES.';
  return { name, state: 'warn', found, advice };
}

async function checkGpu(env: NodeJS.ProcessEnv): Promise<DoctorCheck> {
  const gpus = await listGpus(env);
  if (gpus.length > 0) {
    const names = gpus.map(
      (gpu) => `${gpu.name} (${gigabytes(gpu.memoryBytes ?? 0)}, driver ${gpu.driver ?? '?'})`,
    );
    const old = gpus.find((gpu) => Number.parseInt(gpu.driver ?? '', 10) < OLDEST_DRIVER);
    if (old === undefined) return { name: 'gpu', state: 'ok', found: names.join('; ') };
    const advice = `CUDA 12 needs driver ${OLDEST_DRIVER} or newer: update it, or use --variant cpu.`;
    return { name: 'gpu', state: 'fail', found: names.join('; '), advice };
  }
  const trace = await findNvidiaDriver(env);
  if (trace === undefined)
    return { name: 'gpu', state: 'ok', found: 'no NVIDIA driver; computing on the CPU' };
  const advice = 'Install nvidia-smi with the driver, or pass it into the container, to see name and memory.';
  return { name: 'gpu', state: 'warn', found: `a driver (${trace}), but nvidia-smi lists no GPU`, advice };
}

/** The oldest driver that runs programs of any CUDA 12 (NVIDIA's table of minor version compatibility). */
const OLDEST_DRIVER = 525;

/** Our errors are a sentence of what was found and one of what to do. */
function failed(name: string, error: unknown, state: 'warn' | 'fail'): DoctorCheck {
  const message = error instanceof Error ? error.message : String(error);
  const [, found, advice] = /^(.*?\.) ([A-Z].*)$/s.exec(message) ?? [undefined, message, undefined];
  return { name, state, found: found ?? message, ...(advice === undefined ? {} : { advice }) };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
