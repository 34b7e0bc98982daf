import { describe, expect, it } from 'vitest';
import type { DoctorCheck } from '../engine/doctor-report.ts';
import { doctorReport } from '../engine/doctor-report.ts';
import type { MachineFacts, MachineNeeds } from './machine-verdict.ts';
import { judgeMachine } from './machine-verdict.ts';

const A6000 = {
  kind: 'cuda',
  name: 'NVIDIA RTX A6000',
  memoryBytes: 48 * 2 ** 30,
  driver: '550.54',
} as const;
const GOOD: MachineFacts = {
  doctor: doctorReport([{ name: 'node', state: 'ok', found: 'Node 24' }]),
  gpus: [A6000],
  freeDiskBytes: 500e9,
  freeMemoryBytes: 64e9,
};
/** OpenLLaMA-3B, first 13 blocks: 1.8B parameters. */
const NEEDS: MachineNeeds = {
  ...{ device: 'cuda', parameters: 1.8156e9, trainingBytes: 34e9, keepCheckpoints: 2, keepsBest: true },
};

describe('judgeMachine', () => {
  it('has nothing to say about a machine that fits', () => {
    expect(judgeMachine(GOOD, NEEDS)).toEqual({ reasons: [], warnings: [] });
  });

  it.each<[string, Partial<MachineFacts>, Partial<MachineNeeds>, RegExp]>([
    ['no GPU for cuda', { gpus: [] }, {}, /device is cuda and nvidia-smi lists no GPU/],
    [
      'a GPU that is too small',
      { gpus: [{ ...A6000, memoryBytes: 24 * 2 ** 30 }] },
      {},
      /needs 34\.0 GB and the largest GPU has 25\.8 GB/,
    ],
    [
      'the same where the device is left open',
      { gpus: [{ ...A6000, memoryBytes: 24 * 2 ** 30 }] },
      { device: 'auto' },
      /gpu memory/,
    ],
    [
      'a full disk',
      { freeDiskBytes: 50e9 },
      {},
      /disk: model and checkpoints need 94\.4 GB and 50\.0 GB are free/,
    ],
    [
      'a full disk where the best model is not kept',
      { freeDiskBytes: 50e9 },
      { keepsBest: false },
      /disk: model and checkpoints need 79\.9 GB/,
    ],
    [
      'other numbers than the stored ones',
      broken('self-test bfloat16', 'fail'),
      {},
      /self-test bfloat16: found/,
    ],
    ['a wrong computation', broken('computation', 'fail'), {}, /computation: found this \(do that\)/],
    ['an old driver', broken('gpu', 'fail'), {}, /gpu: found this/],
    ['an unknown platform', broken('platform', 'fail'), { device: 'cpu' }, /platform: found this/],
  ])('names %s', (_, facts, needs, reason) => {
    const { reasons } = judgeMachine({ ...GOOD, ...facts }, { ...NEEDS, ...needs });
    expect(reasons).toEqual([expect.stringMatching(reason) as string]);
  });

  it.each<[string, Partial<MachineFacts>, Partial<MachineNeeds>, number]>([
    ['an old driver where the CPU computes', broken('gpu', 'fail'), { device: 'cpu' }, 0],
    ['little memory', { freeMemoryBytes: 8e9 }, { device: 'cpu' }, 1],
    ['what the doctor only warns of', broken('cache', 'warn'), {}, 1],
    [
      'sizes where nothing is trained',
      { freeDiskBytes: 1 },
      { parameters: undefined, trainingBytes: undefined },
      0,
    ],
    ['a GPU whose memory is not known', { gpus: [{ kind: 'cuda', name: 'GPU' }] }, {}, 0],
  ])('does not stop for %s', (_, facts, needs, warnings) => {
    const verdict = judgeMachine({ ...GOOD, ...facts }, { ...NEEDS, ...needs });
    expect(verdict.reasons).toEqual([]);
    expect(verdict.warnings).toHaveLength(warnings);
  });
});

function broken(name: string, state: DoctorCheck['state']): Partial<MachineFacts> {
  return { doctor: doctorReport([{ name, state, found: 'found this', advice: 'do that' }]) };
}
