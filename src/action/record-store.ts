import { originUrl } from '../store/git-history.ts';
import type { RecordStore } from '../store/record-store.ts';
import { openStore } from '../store/record-store.ts';
import type { StoreSetting } from './input-values.ts';

export interface StorePlace {
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For a branch: travels as a header, in git's environment. */
  readonly token: string;
  readonly sleep: (durationMs: number) => Promise<void>;
  readonly random: () => number;
}

/** The store that an input names; undefined for `none`. */
export function openSettingStore(setting: StoreSetting, place: StorePlace): RecordStore | undefined {
  const spec = storeSpec(setting);
  if (spec === undefined) return undefined;
  const { workspace, env, ...rest } = place;
  return openStore(spec, { cwd: workspace, env, ...rest, remoteUrl: () => originUrl(workspace, env) });
}

/** As the command line's option `--store` names it. */
export function storeSpec(setting: StoreSetting): string | undefined {
  if (setting.kind === 'none') return undefined;
  return setting.kind === 'branch' ? `branch:${setting.branch}` : setting.path;
}
