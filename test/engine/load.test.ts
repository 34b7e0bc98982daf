import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../../src/engine/load.ts';
import type { Engine } from '../../src/engine/load.ts';
import { setupEngine } from '../../src/engine/setup.ts';
import { silentProgress } from '../../src/progress.ts';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  ({ folder } = await setupEngine({ variant: 'cpu', env: process.env, progress: silentProgress }));
  engine = await loadEngine({ folder, device: 'cpu', threads: 1, logLevel: 3 });
}, 1_800_000);

test('the settings stand in the environment that TensorFlow reads', () => {
  expect(process.env).toMatchObject({
    CUDA_VISIBLE_DEVICES: '-1',
    TF_CPP_MIN_LOG_LEVEL: '3',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_NUM_INTRAOP_THREADS: '1',
  });
});

test('the backend runs TensorFlow ops by name', () => {
  const { backend, binding, tf } = engine;
  const x = tf.tensor1d([1, 4, 9]);
  const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  const root = backend.executeSingleOutput('Sqrt', [type], [x]);
  expect([...root.dataSync()]).toEqual([1, 2, 3]);
});

test('handles of tensors go out and come back as tensors', () => {
  const { backend, binding, tf } = engine;
  const [id] = backend.getInputTensorIds([tf.tensor2d([[1, 2]])]);
  const [copy] = binding.executeOp(
    'Identity',
    [{ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }],
    [id!],
    1,
  );
  expect(backend.createOutputTensor(copy!)).toMatchObject({ shape: [1, 2], dtype: 'float32' });
});

test('deleting a tensor frees its handle', () => {
  const { binding } = engine;
  const before = binding.getNumOfTensors();
  const id = binding.createTensor([2], binding.TF_INT32, new Int32Array([1, 2]));
  expect(binding.getNumOfTensors()).toBe(before + 1);
  binding.deleteTensor(id);
  expect(binding.getNumOfTensors()).toBe(before);
});

test('a second call gets the same engine', async () => {
  expect(await loadEngine({ folder, device: 'cpu' })).toBe(engine);
});

test('a second engine in one process is refused', async () => {
  await expect(loadEngine({ folder: join(folder, 'other'), device: 'cpu' })).rejects.toThrow(
    /already loaded from .* Use one process for each engine\.$/,
  );
  await expect(loadEngine({ folder, device: 'cuda' })).rejects.toThrow(
    /for device cpu, not from .* for cuda/,
  );
});
