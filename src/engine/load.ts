import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as tensorflowJs from '@tensorflow/tfjs';
import type * as kernelBackend from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import { ADDON_FILE } from './addon.ts';
import type { EngineDevice } from './device.ts';
import { describeCpu, describeGpu, visibleGpu } from './device.ts';
import { EngineError } from './engine-error.ts';
import type { NativeBinding, TensorflowBackend } from './native-binding.ts';
import { restoreUtilFunctions } from './node-compatibility.ts';
import { LIBRARY_START_FILE } from './library-start.ts';
import type { LibraryStart } from './library-start.ts';

export type TensorflowJs = typeof tensorflowJs;

export interface LoadOptions {
  /** An engine folder as `setupEngine` makes it, or… */
  readonly folder?: string;
  /** …the addon itself, wherever it lies. */
  readonly addonPath?: string;
  /** `auto` takes a GPU when the library finds one. `cuda:N` is the N-th of the visible GPUs; `cuda` the first. */
  readonly device?: 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;
  /** Threads inside one op; TensorFlow's default is one per core. */
  readonly threads?: number;
  /** `TF_CPP_MIN_LOG_LEVEL`: 0 shows everything, 3 only fatal errors. Default 2, or what the environment says. */
  readonly logLevel?: 0 | 1 | 2 | 3;
  /** Where TensorFlow's settings are read from and written to: the library reads the process's own environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Native TensorFlow, loaded and registered as tfjs's backend. */
export interface Engine {
  readonly tf: TensorflowJs;
  readonly backend: TensorflowBackend;
  readonly binding: NativeBinding;
  readonly tensorflowVersion: string;
  readonly device: EngineDevice;
}

interface Loaded {
  readonly addonPath: string;
  readonly device: string;
  readonly engine: Promise<Engine>;
}

// On globalThis because the library is one per process, even where two copies of this module are.
const slot = globalThis as { [loadedKey]?: Loaded };
const loadedKey: unique symbol = Symbol.for('inheritune.engine') as never;

/**
 * Loads the addon and makes it tfjs's backend; about 2 s. The library lives once in a process: a second call
 * returns the same engine, and one that asks for another addon or device is refused. For the main thread only:
 * a worker's environment is a copy that TensorFlow does not see.
 * Source of the order of steps: tfjs-node-gpu 4.22.0 `dist/index.js`.
 *
 * @throws EngineError `engine-load`, or `engine-device` when `cuda` was asked for and TensorFlow sees no GPU.
 */
export async function loadEngine(options: LoadOptions): Promise<Engine> {
  const addonPath = options.addonPath ?? (options.folder && join(options.folder, ADDON_FILE));
  if (!addonPath)
    throw new EngineError('engine-load', 'No engine folder was given. Run `inheritune setup` first.');
  const device = options.device ?? 'auto';
  const loaded = slot[loadedKey];
  if (loaded !== undefined) {
    if (loaded.addonPath === addonPath && loaded.device === device) return loaded.engine;
    throw new EngineError(
      'engine-load',
      `TensorFlow is already loaded from ${loaded.addonPath} for device ${loaded.device}, not from ${addonPath} for ${device}. Use one process for each engine.`,
    );
  }
  if (!existsSync(addonPath)) {
    throw new EngineError(
      'engine-load',
      `There is no TensorFlow addon at ${addonPath}. Run \`inheritune setup\`, or give another --native-dir.`,
    );
  }
  const engine = load(addonPath, device, options);
  slot[loadedKey] = { addonPath, device, engine };
  return engine;
}

async function load(addonPath: string, device: string, options: LoadOptions): Promise<Engine> {
  const env = options.env ?? process.env;
  applySettings(env, device, options);
  restoreUtilFunctions();
  const { binding, libraryStart } = openAddon(addonPath);
  const tf = defaultOf(await import('@tensorflow/tfjs')) as TensorflowJs;
  const { NodeJSKernelBackend } = defaultOf(
    await import('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'),
  ) as typeof kernelBackend;
  const backend = new NodeJSKernelBackend(binding as never, '@tensorflow/tfjs-node-gpu');
  // A program may have been traced before the engine was needed, on a backend without one.
  if (tf.findBackend('tensorflow') !== null) tf.removeBackend('tensorflow');
  tf.registerBackend('tensorflow', () => backend, 3);
  // Kernels are registered for a backend name that must be known by then; the backend is made current last.
  await import('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  await tf.setBackend('tensorflow');
  libraryStart?.releaseFilePages();
  if (device.startsWith('cuda') && !binding.isUsingGpuDevice()) {
    throw new EngineError(
      'engine-device',
      `Device ${device} was asked for, but TensorFlow ${binding.TF_Version} found no usable NVIDIA GPU (CUDA_VISIBLE_DEVICES=${env['CUDA_VISIBLE_DEVICES'] ?? ''}). Run \`inheritune doctor\` to see what is missing, or use the device cpu.`,
    );
  }
  return {
    tf,
    backend: backend as unknown as TensorflowBackend,
    binding,
    tensorflowVersion: binding.TF_Version,
    device: binding.isUsingGpuDevice() ? await describeGpu(env, env['CUDA_VISIBLE_DEVICES']) : describeCpu(),
  };
}

/** TensorFlow reads these when the library starts, so they are set before the addon is opened. */
function applySettings(env: NodeJS.ProcessEnv, device: string, options: LoadOptions): void {
  // Otherwise TensorFlow takes the whole GPU at once, also from a neighbour's job.
  env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  if (options.logLevel !== undefined) env['TF_CPP_MIN_LOG_LEVEL'] = String(options.logLevel);
  else env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  if (options.threads !== undefined) {
    env['TF_NUM_INTRAOP_THREADS'] = String(options.threads);
    env['OMP_NUM_THREADS'] = String(options.threads);
  }
  // By itself TensorFlow uses oneDNN on CPUs with AVX-512 or newer units only; with AVX2 alone a training step of
  // 15 × 576 took 1.4 times as long without.
  env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
  // With several executor threads losses differed in the last bits from run to run, depending on which operation was
  // ready first. One is not slower on a CPU, where operations are parallel inside (benchmarks/speed, 15 × 576: equal).
  if (device === 'cpu' || !mayHaveGpu()) env['TF_NUM_INTEROP_THREADS'] ??= '1';
  env['CUDA_VISIBLE_DEVICES'] = device === 'cpu' ? '-1' : visibleGpu(device, env['CUDA_VISIBLE_DEVICES']);
}

/** NVIDIA's driver leaves one of these, the second one in WSL. */
function mayHaveGpu(): boolean {
  return ['/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path));
}

function openAddon(addonPath: string): { binding: NativeBinding; libraryStart: LibraryStart | undefined } {
  const require = createRequire(import.meta.url);
  const startPath = join(dirname(addonPath), LIBRARY_START_FILE);
  try {
    const libraryStart = existsSync(startPath) ? (require(startPath) as LibraryStart) : undefined;
    return { binding: require(addonPath) as NativeBinding, libraryStart };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new EngineError(
      'engine-load',
      `The TensorFlow addon ${addonPath} cannot be loaded: ${reason}. Run \`inheritune doctor\` to see which part is missing or damaged.`,
      { cause },
    );
  }
}

/** A CommonJS module as `require` returns it: Node and esbuild both put it behind `default`. */
function defaultOf(module: object): unknown {
  return 'default' in module ? module.default : module;
}
