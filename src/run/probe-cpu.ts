import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Engine } from '../engine/load.ts';
import { enginePlatform, thisMachine } from '../engine/platform.ts';
import { engineFolder } from '../engine/setup.ts';
import { chooseVariant } from '../engine/variant.ts';
import { matMul, toFloat32, toPrecision } from '../graph/ops.ts';
import type { Precision } from '../graph/ops.ts';
import { trace } from '../graph/program.ts';
import { Session } from '../graph/session.ts';
import type { RunContext } from './context.ts';
import { cpuRate } from './device-rates.ts';
import type { DeviceRate } from './device-rates.ts';

/** Rates of this machine's CPU from a few products of matrices (about half a second), and its memory. */
export async function probeCpu(engine: Engine): Promise<DeviceRate> {
  const rates = { float32: await measure(engine, 'float32'), bfloat16: await measure(engine, 'bfloat16') };
  return cpuRate(rates, Math.min(totalmem(), process.constrainedMemory() || Infinity));
}

/** Whether the engine is set up already, so that a plan can measure the CPU without fetching anything. */
export async function isEngineAtHand({ env, places }: RunContext): Promise<boolean> {
  if (places.nativeDir !== undefined) return true;
  try {
    const platform = enginePlatform(thisMachine());
    const { variant, manifest } = await chooseVariant('cpu', platform, env);
    return existsSync(engineFolder({ ...places, env }, manifest, variant, platform));
  } catch {
    return false;
  }
}

/** Large enough that reading the operands does not matter, small enough to take milliseconds. */
const SIZE = 768;
const PRODUCTS = 4;
const REPEATS = 4;

/** Best FLOP/s of a few runs: the others met another program's work. */
async function measure({ binding }: Engine, precision: Precision): Promise<number> {
  const program = trace((t) => {
    const matrix = toPrecision(t.placeholder('matrix', [SIZE, SIZE], 'float32'), precision);
    let product = matrix;
    for (let i = 0; i < PRODUCTS; i++) product = matMul(product, matrix);
    t.fetch('corner', toFloat32(product, precision).slice([0, 0], [1, 1]));
  });
  const session = await Session.open(binding, program);
  try {
    const matrix = new Float32Array(SIZE ** 2).fill(1 / SIZE);
    let best = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const started = performance.now();
      session.run({ matrix }, ['corner']);
      best = Math.max(best, (1000 * PRODUCTS * 2 * SIZE ** 3) / (performance.now() - started));
    }
    return best;
  } finally {
    session.close();
  }
}
