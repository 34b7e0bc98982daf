/**
 * Tokens a second and utilisation of training steps on a GPU, of the given recipes or of three sizes.
 *
 *   npm run bench:gpu -- [RECIPE …] [--device cuda|cpu] [--shape N] [--steps N] [--set train.FIELD=VALUE …]
 *
 * Weights and tokens are random, of the recipe's reference only its config is read, and an optimizer step is one micro-batch: how many
 * are accumulated hardly changes the speed. Exit code 1 where there is no GPU.
 */
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { listGpus } from '../../src/engine/device.ts';
import { EngineError } from '../../src/engine/engine-error.ts';
import { loadEngine } from '../../src/engine/load.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { EXIT, InherituneError } from '../../src/errors.ts';
import { parseConfig } from '../../src/model/config.ts';
import { silentProgress } from '../../src/progress.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
import { SHAPES } from '../speed/shapes.ts';
import { measureSpeed } from './measure-speed.ts';
import { recipeShape } from './recipe-shape.ts';

interface SpeedCase {
  readonly name: string;
  readonly shape: TrainingShape;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cuda' },
    shape: { type: 'string' },
    steps: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

try {
  const device = deviceOf(values.device);
  if (device === 'cuda' && (await listGpus(process.env)).length === 0) {
    throw new EngineError(
      'engine-device',
      'No NVIDIA GPU was found on this machine (nvidia-smi lists none), and nothing was measured; --device cpu runs the same steps on the CPU.',
    );
  }
  const cases = await givenCases();
  const { addonPath } = await setupEngine({ variant: device, env: process.env, progress: silentProgress });
  const engine = await loadEngine({ addonPath, device });
  console.log(`${engine.device.name}, TensorFlow ${engine.tensorflowVersion}`);
  const rows: string[][] = [];
  for (const { name, shape } of cases) rows.push([name, ...(await measured(shape))]);
  const head = ['step', 'precision', 'recompute', 'tokens/s', 'GFLOP a token', 'MFU', 'loss'];
  console.log(markdownTable([head, ...rows], { align: ['l', 'l', 'l', 'r', 'r', 'r', 'r'] }));

  async function measured(shape: TrainingShape): Promise<string[]> {
    const settings = [shape.precision, shape.recompute ?? 'none'];
    try {
      const counts = { warmup: Number(values.warmup), steps: Number(values.steps) };
      const { tokensPerSecond, flopPerToken, mfu, lossNats } = await measureSpeed(engine, shape, counts);
      return [
        ...[...settings, tokensPerSecond.toPrecision(4), (flopPerToken / 1e9).toPrecision(3)],
        ...[mfu === undefined ? 'peak rate not known' : `${(100 * mfu).toFixed(1)} %`, lossNats.toFixed(3)],
      ];
    } catch (cause) {
      if (!(cause instanceof InherituneError) || cause.code !== 'outOfMemory') throw cause;
      console.error(cause.message);
      return [...settings, 'out of memory', '–', '–', '–'];
    }
  }
  process.exitCode = EXIT.done;
} catch (cause) {
  if (!(cause instanceof InherituneError)) throw cause;
  console.error(cause.message);
  process.exitCode = cause.exitCode;
}
// TensorFlow's threads would keep the process.
process.exit();

async function givenCases(): Promise<SpeedCase[]> {
  if (positionals.length > 0)
    return Promise.all(
      positionals.map(async (file) => ({ name: file, shape: await recipeShape(file, values.set) })),
    );
  const shapes = values.shape === undefined ? SHAPES : [SHAPES[Number(values.shape)]!];
  return shapes.map(({ name, batch, length, config }) => ({
    name: `${name}, ${batch} × ${length}`,
    shape: {
      ...{ config: parseConfig(config, name), sequenceLength: length, microBatch: batch, accumulate: 1 },
      precision: values.device === 'cpu' ? 'float32' : 'bfloat16',
      optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
    },
  }));
}

function deviceOf(text: string): 'cpu' | 'cuda' {
  if (text === 'cpu' || text === 'cuda') return text;
  throw new InherituneError('usage', `--device is ${text}. Give cuda or cpu.`);
}
