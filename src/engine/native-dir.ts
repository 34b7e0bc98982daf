import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT } from '../errors.ts';
import { ADDON_FILE } from './addon.ts';
import { EngineError } from './engine-error.ts';

/** Where an addon may lie in a folder that somebody else made, best first. */
const ADDON_PATHS = [
  ADDON_FILE,
  ...['', 'node_modules/@tensorflow/tfjs-node-gpu', 'node_modules/@tensorflow/tfjs-node'].map((folder) =>
    join(folder, 'lib', 'napi-v8', ADDON_FILE),
  ),
];

/**
 * The addon in a folder given as `--native-dir`: an engine folder, an installed `@tensorflow/tfjs-node`, or a
 * project that has it in `node_modules`.
 *
 * @throws EngineError `engine-native-dir` (exit code 2) when there is none.
 */
export function findNativeDir(nativeDir: string): { folder: string; addonPath: string } {
  const folder = resolve(nativeDir);
  const addonPath = ADDON_PATHS.map((path) => join(folder, path)).find((path) => existsSync(path));
  if (addonPath !== undefined) return { folder, addonPath };
  throw new EngineError(
    'engine-native-dir',
    `The folder ${folder} given as --native-dir holds no TensorFlow addon (looked for ${ADDON_PATHS.join(', ')}). Give an engine folder, or the folder of an installed @tensorflow/tfjs-node.`,
    { exitCode: EXIT.usage },
  );
}
