import { newestRun } from './add-run.ts';
import type { DueDecision } from './nights.ts';
import { decideNight } from './nights.ts';
import type { RecordStore } from './record-store.ts';

/**
 * Whether a run of this recipe and commit would compute anything that the store's newest run of it has not.
 * @throws StoreError `baselineUnreadable`
 */
export async function decideTonight(
  store: RecordStore,
  tonight: { readonly name: string; readonly recipeHash: string; readonly commit: string | undefined },
): Promise<DueDecision> {
  return decideNight(tonight, (await newestRun(store, tonight.name))?.record);
}
