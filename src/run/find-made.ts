import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readRunJson, stageFile, stageFileName } from '../store/run-folder.ts';

/**
 * What a stage of another run made, in this run's folder or in one beside it.
 * @param what the stage, and where below a run's folder it leaves its files
 * @param fingerprint what `hash` has to say of the files
 */
export async function findMade(
  outFolder: string,
  { stage, place }: { readonly stage: string; readonly place: string },
  fingerprint: string,
  hash: (folder: string) => Promise<string>,
): Promise<string | undefined> {
  const runs = dirname(outFolder);
  const beside = await readdir(runs).catch(() => []);
  for (const run of [outFolder, ...beside.map((name) => join(runs, name))]) {
    const file = join(run, 'stages', stageFileName(stage));
    const said = await readRunJson(file, stageFile).catch(() => undefined);
    if (said?.result['fingerprint'] !== fingerprint) continue;
    // What the stage wrote down may have been moved away or trained over since: the files themselves count.
    const found = join(run, place);
    if ((await hash(found).catch(() => undefined)) === fingerprint) return found;
  }
  return undefined;
}
