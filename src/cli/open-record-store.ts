import { setTimeout as sleep } from 'node:timers/promises';
import type { RunContext } from '../run/context.ts';
import { originUrl } from '../store/git-history.ts';
import { openStore } from '../store/record-store.ts';
import type { RecordStore } from '../store/record-store.ts';

/** The store that a command line names; the token for a branch comes from the environment only. */
export function openRecordStore(spec: string, { cwd, env }: RunContext): RecordStore {
  return openStore(spec, {
    ...{ cwd, env },
    remoteUrl: () => originUrl(cwd, env),
    token: env['INHERITUNE_STORE_TOKEN'] ?? env['GITHUB_TOKEN'],
    sleep: (durationMs) => sleep(durationMs),
    random: Math.random,
  });
}
