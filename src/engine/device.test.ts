import { expect, test } from 'vitest';
import { programFolder } from '../../test/engine/fixtures/folders.ts';
import { describeGpu, listGpus, visibleGpu } from './device.ts';

test.each([
  ['cuda', undefined, '0'],
  ['auto', undefined, '0'],
  ['cuda:2', undefined, '2'],
  ['cuda', '3,5', '3'],
  ['cuda:1', '3, 5', '5'],
  ['cuda:4', '3,5', '-1'],
  ['auto', '', '-1'],
  ['cuda', 'GPU-8932f937', 'GPU-8932f937'],
])('%s with CUDA_VISIBLE_DEVICES=%s makes %s visible', (device, already, expected) => {
  expect(visibleGpu(device, already)).toBe(expected);
});

test('name, memory and driver come from nvidia-smi', async () => {
  const PATH = programFolder({ 'nvidia-smi': 'echo "NVIDIA RTX A6000, 49140, 550.54.15"' });
  expect(await describeGpu({ PATH })).toEqual({
    kind: 'cuda',
    name: 'NVIDIA RTX A6000',
    memoryBytes: 49140 * 2 ** 20,
    driver: '550.54.15',
  });
});

test('without nvidia-smi the GPU still has a name', async () => {
  expect(await describeGpu({ PATH: programFolder({}) }, '1')).toEqual({ kind: 'cuda', name: 'NVIDIA GPU 1' });
});

test('a driver that does not answer lists no GPU', async () => {
  const PATH = programFolder({ 'nvidia-smi': 'echo "NVIDIA-SMI has failed"; exit 9' });
  expect(await listGpus({ PATH })).toEqual([]);
});
