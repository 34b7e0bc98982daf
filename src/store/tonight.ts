import { byTime, decideNight } from './nights.ts';
import type { DueDecision } from './nights.ts';
import { parseRunRecordPath } from './record-path.ts';
import type { RecordStore } from './record-store.ts';
import { parseRunRecord } from './run-record.ts';
import type { RunRecord } from './run-record.ts';

/**
 * Whether a run of this recipe and commit would compute anything that the store does not hold. The newest run is not the one that
 * counts: a long run of an older commit may have ended, or been recorded, after one of this commit.
 * @throws StoreError `baselineUnreadable`
 */
export async function decideTonight(
  store: RecordStore,
  tonight: { readonly name: string; readonly recipeHash: string; readonly commit: string | undefined },
): Promise<DueDecision> {
  const { name, recipeHash, commit } = tonight;
  const newestFirst = (await store.list())
    .flatMap((path) => parseRunRecordPath(path) ?? [])
    .filter((entry) => entry.name === name)
    .sort((a, b) => byTime(b, a));
  let last: RunRecord | undefined;
  for (const entry of newestFirst) {
    // One of another commit is read only for the reason that it gives.
    if (last !== undefined && (commit === undefined || entry.commit !== commit)) continue;
    const record = parseRunRecord(await store.read(entry.path), entry.path);
    last ??= record;
    if (commit !== undefined && record.commit === commit && record.recipeHash === recipeHash)
      return decideNight(tonight, record);
  }
  return decideNight(tonight, last);
}
