/**
 * A program of its own: one training step, a checkpoint written and read back, another step. Prints, as JSON and in bytes, the
 * sizes of the checkpoint and its largest tensor, the process's largest resident set after each of these, and by how much writing
 * and reading grow it beyond what is resident (Linux).
 */
import { watchResidentGrowth } from '../../test/support/resident-growth.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import { parseConfig } from '../model/config.ts';
import { parametersOf } from '../model/parameters.ts';
import { silentProgress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { checkpointTensors, loadTrainingCheckpoint, saveTrainingCheckpoint } from './checkpoint-folder.ts';
import type { CheckpointState } from './checkpoint-state.ts';
import { TrainingSession } from './training-session.ts';

const TOKENS = 64;
const folder = process.argv[2] ?? '';
const json = {
  ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], num_hidden_layers: 3, hidden_size: 1024 },
  ...{ intermediate_size: 2752, num_attention_heads: 16, vocab_size: 16384, tie_word_embeddings: true },
};
const config = parseConfig(json, 'the fixture');
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const specs = new Map(parametersOf(config).map((one) => [one.name, { ...one, dtype: 'F32' as const }]));
const start: Checkpoint = {
  ...{ source: 'the fixture', config: json, tensors: specs, sidecars: new Map() },
  readFloat32: (name) => Promise.resolve(new Float32Array(sizeOf(specs.get(name)!.shape)).fill(0.01)),
  readBytes: () => Promise.reject(new Error('not needed')),
  close: () => Promise.resolve(),
};
const session = await TrainingSession.open(await testEngine(), {
  ...{
    config,
    sequenceLength: TOKENS,
    microBatch: 1,
    accumulate: 1,
    precision: 'float32',
    recompute: 'none',
  },
  optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
});
await session.start(start, silentProgress);
const state: CheckpointState = {
  ...{ step: 1, runHash: 'run', seed: 0, batchShift: 0, tokens: 0, seconds: 0 },
  ...{ bestValidationNats: null, recentLosses: [], incidents: [], pending: null },
};
const sizes = checkpointTensors(session).map(({ shape }) => 4 * sizeOf(shape));

const batch = () => Promise.resolve({ inputs: new Int32Array(TOKENS), targets: new Int32Array(TOKENS) });
const save = () => saveTrainingCheckpoint(folder, session, state, 1);
const load = () =>
  loadTrainingCheckpoint(folder, session, 'run', (text) => {
    throw new Error(text);
  });
const peak = (): number => process.resourceUsage().maxRSS * 1024;

await session.step(0, 1e-4, batch);
const stepPeak = peak();
await save();
await load();
await session.step(1, 1e-4, batch);
const resumedPeak = peak();
const growthOf = async (work: () => Promise<unknown>): Promise<number> => {
  const growth = watchResidentGrowth();
  await work();
  return growth();
};
const saveGrowth = await growthOf(save);
const loadGrowth = await growthOf(load);
const result = {
  ...{ bytes: sizes.reduce((sum, size) => sum + size, 0), largestBytes: Math.max(...sizes) },
  ...{ stepPeak, resumedPeak, saveGrowth, loadGrowth },
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
