import { loadEngine } from '../../src/engine/load.ts';
import type { Engine } from '../../src/engine/load.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { silentProgress } from '../../src/progress.ts';

/** The real engine on the CPU, composed on first use and then taken from the usual cache. */
export async function testEngine(): Promise<Engine> {
  const { addonPath } = await setupEngine({ variant: 'cpu', env: process.env, progress: silentProgress });
  return loadEngine({ addonPath, device: 'cpu' });
}
