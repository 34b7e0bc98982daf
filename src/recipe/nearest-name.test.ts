import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

const FIELDS = ['sequenceLength', 'microBatch', 'steps', 'tokens', 'seed', 'epochs'];

describe('nearestName', () => {
  it.each([
    ['sequencelength', 'sequenceLength'],
    ['sequence_length', 'sequenceLength'],
    ['micro-batch', 'microBatch'],
    ['sequnceLenght', 'sequenceLength'],
    ['step', 'steps'],
    ['tokesn', 'tokens'],
    ['epoch', 'epochs'],
  ])('%s means %s', (seen, meant) => {
    expect(nearestName(seen, FIELDS)).toBe(meant);
  });

  it.each(['batchSize', 'x', '', 'learningRate', 'y'.repeat(100_000)])(
    'has no suggestion for %.20s',
    (seen) => {
      expect(nearestName(seen, FIELDS)).toBeUndefined();
    },
  );
});
