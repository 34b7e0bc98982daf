import { describe, expect, it } from 'vitest';
import { hubAccess } from './hub-access.ts';

describe('hubAccess', () => {
  it.each([
    [{}, '/home/me/.cache/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/c' }, '/c/huggingface/hub'],
    [{ HF_HOME: '/h' }, '/h/hub'],
    [{ HF_HOME: '/h', HF_HUB_CACHE: '/hub' }, '/hub'],
  ])('with %j keeps files in %s', (env, cacheDir) => {
    expect(hubAccess(env, '/home/me', fetch).cacheDir).toBe(cacheDir);
  });

  it('takes endpoint, token and offline mode', () => {
    const env = { HF_ENDPOINT: 'http://mirror', HF_TOKEN: 't', HF_HUB_OFFLINE: 'YES' };
    expect(hubAccess(env, '/', fetch)).toMatchObject({
      endpoint: 'http://mirror',
      token: 't',
      offline: true,
    });
    expect(hubAccess({ HF_HUB_OFFLINE: '0' }, '/', fetch).offline).toBe(false);
  });
});
