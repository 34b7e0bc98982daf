import { join } from 'node:path';
import type { HubAccess } from './hub-session.ts';

/**
 * How the hub is reached, by the variables that all Hugging Face tools read: HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, and for the
 * cache HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub (`huggingface_hub`, `constants.py`).
 */
export function hubAccess(env: NodeJS.ProcessEnv, home: string, fetchFunction: typeof fetch): HubAccess {
  const cache = env['XDG_CACHE_HOME'] ?? join(home, '.cache');
  return {
    cacheDir: env['HF_HUB_CACHE'] ?? join(env['HF_HOME'] ?? join(cache, 'huggingface'), 'hub'),
    fetch: fetchFunction,
    endpoint: env['HF_ENDPOINT'],
    token: env['HF_TOKEN'],
    offline: isOn(env['HF_HUB_OFFLINE']),
  };
}

function isOn(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(value?.toLowerCase() ?? '');
}
