import { silentProgress } from '../../src/progress.ts';
import type { RunContext } from '../../src/run/context.ts';
import { openModel } from '../../src/run/open-model.ts';

/** Files that lie beside a model's weights, in the order of their names. */
export async function modelFiles(model: string, names: readonly string[]): Promise<Uint8Array[]> {
  const context = { cwd: process.cwd(), env: process.env, progress: silentProgress, places: {} };
  const { checkpoint } = await openModel(model, context as unknown as RunContext);
  try {
    return await Promise.all(names.map((name) => checkpoint.sidecars.get(name)!()));
  } finally {
    await checkpoint.close();
  }
}
