import { describe, expect, it } from 'vitest';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import { decideReuse, firstStageThatDiffers } from './stage-difference.ts';

const base = makeRecord({});
const changed = (hashes: Partial<typeof base.hashes>) => ({ ...base, hashes: { ...base.hashes, ...hashes } });

describe('firstStageThatDiffers', () => {
  it('is undefined for two equal runs', () => {
    expect(firstStageThatDiffers(base, changed({}))).toBeUndefined();
  });

  it('names the cause and not its consequences', () => {
    const other = changed({ tokenStream: sha('x'), batchOrder: sha('y'), trainedWeights: sha('z') });
    expect(firstStageThatDiffers(base, other)).toEqual({
      ...{ stage: 'token stream', base: sha('tokens').slice(0, 12), head: sha('x').slice(0, 12) },
    });
  });

  it('finds the step at which training parted', () => {
    const lossAtSteps = base.hashes.lossAtSteps.map((one) =>
      one.step === 1 ? one : { ...one, lossNats: 8.4 },
    );
    expect(firstStageThatDiffers(base, changed({ lossAtSteps, trainedWeights: sha('z') }))).toEqual({
      ...{ stage: 'loss at step 10', base: '8.5', head: '8.4' },
    });
  });

  it('a stage that one side lacks differs', () => {
    expect(firstStageThatDiffers(base, changed({ inheritedWeights: null }))).toMatchObject({ head: 'none' });
    expect(firstStageThatDiffers(base, changed({ itemScores: {} }))).toMatchObject({
      stage: 'item scores of the trained model',
    });
  });
});

describe('decideReuse', () => {
  const planned = [
    { name: 'inherit', inputHash: sha('inherit') },
    { name: 'train', inputHash: sha('train') },
  ];

  it('nothing changed costs nothing', () => {
    expect(decideReuse(planned, base)).toEqual({
      ...{ reused: ['inherit', 'train'], needed: [], text: 'No stage changed: 0 GPU-minutes.' },
    });
  });

  it('runs what changed, and what is behind it', () => {
    const after = [
      planned[0]!,
      { name: 'train', inputHash: sha('new') },
      { name: 'evaluate', inputHash: undefined },
    ];
    expect(decideReuse(after, base)).toEqual({
      ...{ reused: ['inherit'], needed: ['train', 'evaluate'] },
      text: 'Run: train, evaluate. Taken over: inherit.',
    });
  });

  it('runs all without a baseline', () => {
    expect(decideReuse(planned, undefined).needed).toEqual(['inherit', 'train']);
  });
});
