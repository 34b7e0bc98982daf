import { describe, expect, it } from 'vitest';
import { makeGrowth } from '../../test/fixtures/judge/make-growth.ts';
import { makeGrownRecord } from '../../test/store/make-grown-record.ts';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import { firstStageThatDiffers } from './stage-difference.ts';

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

  it('in a growing run looks at the tokens first, then at each model in turn', () => {
    const grown = (weights: string) => makeGrownRecord(makeGrowth(2.5, { 4: 2.25 }, weights));
    const one = grown('a');
    expect(firstStageThatDiffers(one, grown('a'))).toBeUndefined();
    expect(firstStageThatDiffers(one, grown('b'))).toMatchObject({ stage: 'weights of reference' });
    const tokens = { ...grown('b'), hashes: { ...one.hashes, tokenStream: sha('x') } };
    expect(firstStageThatDiffers(one, tokens)).toMatchObject({ stage: 'token stream' });
  });
});
