import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';
import { ADDON_FILE, buildAddon } from './addon.ts';
import { findAddonSources } from './addon-sources.ts';
import { cacheRootFolder, composeFolder } from './cache.ts';
import { findCompiler } from './compiler.ts';
import { EngineError } from './engine-error.ts';
import { RECORD_FILE, describeFolder, engineId, findDamage } from './engine-record.ts';
import type { EngineManifest, EnginePlatform, EngineVariant } from './manifest.ts';
import { downloadWheel } from './pip.ts';
import type { Machine } from './platform.ts';
import { enginePlatform, thisMachine } from './platform.ts';
import { findNativeDir } from './native-dir.ts';
import { describeProbe, probeEngine } from './probe.ts';
import { findPython } from './python.ts';
import { unpackWheel } from './unpack-wheel.ts';
import { chooseVariant } from './variant.ts';

export interface SetupOptions {
  readonly variant?: 'auto' | EngineVariant;
  /** A folder with a TensorFlow addon that somebody else made; nothing is downloaded then. */
  readonly nativeDir?: string;
  readonly cacheRoot?: string;
  /** The Python whose pip fetches the wheels. */
  readonly python?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  readonly machine?: Machine;
}

/** A folder that `loadEngine` can load. */
export interface EngineFolder {
  readonly folder: string;
  readonly addonPath: string;
  readonly origin: 'native-dir' | 'cache' | 'composed';
  /** Unknown for somebody else's folder. */
  readonly variant: EngineVariant | undefined;
}

/**
 * Makes sure that native TensorFlow is there, and says where. Composed once for every combination of pinned
 * parts, then found in the cache; downloads 0.3 GB for cpu, 3.4 GB for cuda.
 *
 * @throws EngineError with one of its codes; nothing half-made is left behind.
 */
export async function setupEngine(options: SetupOptions): Promise<EngineFolder> {
  if (options.nativeDir !== undefined) {
    return { ...findNativeDir(options.nativeDir), origin: 'native-dir', variant: undefined };
  }
  const platform = enginePlatform(options.machine ?? thisMachine());
  const { variant, manifest, reason } = await chooseVariant(options.variant ?? 'auto', platform, options.env);
  const folder = engineFolder(options, manifest, variant, platform);
  const origin = await composeFolder(
    folder,
    async (candidate) => (await findDamage(candidate)) === undefined,
    (temporary) => {
      options.progress.note(
        `Setting up TensorFlow ${manifest.tensorflow} for ${variant} (${reason}) in ${folder}`,
      );
      return compose(temporary, { manifest, variant, platform, options });
    },
    options,
  );
  return {
    folder,
    addonPath: join(folder, ADDON_FILE),
    variant,
    origin: origin === 'found' ? 'cache' : 'composed',
  };
}

/** Where the engine of these parts lies or will lie. */
export function engineFolder(
  options: Pick<SetupOptions, 'cacheRoot' | 'env'>,
  manifest: EngineManifest,
  variant: EngineVariant,
  platform: EnginePlatform,
): string {
  return join(cacheRootFolder(options), 'engine', engineId(manifest, variant, platform));
}

interface Composition {
  readonly manifest: EngineManifest;
  readonly variant: EngineVariant;
  readonly platform: EnginePlatform;
  readonly options: SetupOptions;
}

async function compose(folder: string, { manifest, variant, platform, options }: Composition): Promise<void> {
  const { env, progress } = options;
  // Everything that can be missing is looked for before the first download.
  const compiler = await findCompiler(env);
  const python = await findPython(options);
  await checkDisk(folder, manifest.diskBytes);
  const work = join(folder, 'work');
  const sources = await findAddonSources(manifest, { env, workFolder: work });
  const megabytes = manifest.wheels.reduce((sum, wheel) => sum + wheel.bytes / 1e6, 0);
  const step = progress.start('Downloading TensorFlow', Math.round(megabytes), 'MB');
  try {
    for (const wheel of manifest.wheels) {
      step.advance(0, { wheel: `${wheel.name} ${wheel.version}` });
      const file = await downloadWheel(wheel, { python, env, into: join(work, 'wheels') });
      await unpackWheel(file, wheel.members, folder);
      // One wheel at a time on the disk: together they are another 3.4 GB for cuda.
      await rm(file);
      step.advance(Math.round(wheel.bytes / 1e6));
    }
  } finally {
    step.end();
  }
  progress.note(`Building the TensorFlow addon with ${compiler.version}`);
  await buildAddon({ compiler, sources, folder, env });
  await rm(work, { recursive: true, force: true });
  await rm(join(folder, 'tensorflow', 'include'), { recursive: true, force: true });
  await checkWorks(folder, manifest, env);
  const id = engineId(manifest, variant, platform);
  const record = await describeFolder(
    folder,
    { id, variant, platform, compiler: compiler.version },
    manifest,
  );
  await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

async function checkDisk(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= neededBytes) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new EngineError(
    'engine-disk',
    `Setting up TensorFlow needs ${gigabytes(neededBytes)} of disk, and ${folder} has ${gigabytes(bavail * bsize)} free. Free some space, or move the cache with --cache-dir or RUNNER_TOOL_CACHE.`,
  );
}

/** On the CPU, which every variant can: whether the GPU works is for `doctor` and `loadEngine` to say. */
async function checkWorks(folder: string, manifest: EngineManifest, env: NodeJS.ProcessEnv): Promise<void> {
  const probe = await probeEngine({
    addonPath: join(folder, ADDON_FILE),
    env: { ...env, CUDA_VISIBLE_DEVICES: '-1' },
  });
  if (probe.state === 'correct' && probe.tensorflowVersion === manifest.tensorflow) return;
  throw new EngineError(
    'engine-load',
    `The TensorFlow addon was built, but ${describeProbe(probe)}. Run \`inheritune doctor\`, or give another build as --native-dir.`,
  );
}
