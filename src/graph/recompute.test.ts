import { expect, test } from 'vitest';
import {
  DEEP_NARROW,
  measureActivations,
  stepDifference,
} from '../../benchmarks/recompute/activation-memory.ts';

// Four processes: about 60 s on two free cores.
test(
  'recomputing 24 blocks takes at least three times less activation memory, measured, for the same numbers',
  { timeout: 400_000 },
  async () => {
    const kept = await measureActivations(DEEP_NARROW.shape, 'none');
    const block = await measureActivations(DEEP_NARROW.shape, 'block');
    expect(kept.activationBytes).toBeGreaterThan(200e6);
    expect(kept.activationBytes / block.activationBytes).toBeGreaterThan(3);
    expect(stepDifference(block.steps, kept.steps)).toBeLessThan(1e-6);
  },
);
