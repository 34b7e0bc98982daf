import { expect, test } from 'vitest';
import { programFolder } from '../../test/engine/fixtures/folders.ts';
import { chooseVariant } from './variant.ts';

const withGpu = (): NodeJS.ProcessEnv => ({
  PATH: programFolder({ 'nvidia-smi': 'echo "GPU 0: NVIDIA RTX A6000 (UUID: GPU-1)"' }),
});

test('auto takes the CUDA build where nvidia-smi lists a GPU', async () => {
  const choice = await chooseVariant('auto', 'linux-x64', withGpu());
  expect(choice).toMatchObject({ variant: 'cuda', reason: 'NVIDIA driver found: nvidia-smi' });
});

test('auto takes the CPU build when the GPUs are hidden', async () => {
  const choice = await chooseVariant('auto', 'linux-x64', { ...withGpu(), CUDA_VISIBLE_DEVICES: '-1' });
  expect(choice.variant).toBe('cpu');
});

test('auto takes the CPU build where no CUDA build exists', async () => {
  const choice = await chooseVariant('auto', 'linux-arm64', withGpu());
  expect(choice).toMatchObject({ variant: 'cpu', reason: 'no CUDA build exists for linux-arm64' });
});

test('asking for CUDA where it does not exist is refused', async () => {
  await expect(chooseVariant('cuda', 'linux-arm64', {})).rejects.toMatchObject({
    code: 'engine-platform',
    message: expect.stringContaining('Use the variant cpu') as string,
  });
});
