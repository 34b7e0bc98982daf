import { describe, expect, test } from 'vitest';
import { openFixture } from '../../test/support/model-fixtures.ts';
import { checkWeights } from '../model/load-weights.ts';
import { parseConfig } from '../model/config.ts';
import {
  grownCheckpoint,
  halfWidthConfig,
  randomCheckpoint,
  stackedCheckpoint,
} from './composed-checkpoint.ts';
import { inheritedCheckpoint } from './inherited-checkpoint.ts';

const CARRY = ['embeddings', 'finalNorm', 'head'] as const;
const blockName = { 'llama-tied': 'model.layers.', 'gpt2-tied': 'transformer.h.' } as const;
const norm = { 'llama-tied': '.input_layernorm.weight', 'gpt2-tied': '.ln_1.weight' } as const;

describe.each(['llama-tied', 'gpt2-tied'] as const)('%s', (name) => {
  const tensor = (index: number): string => `${blockName[name]}${index}${norm[name]}`;

  test('stacked: block i is block i mod n, at an odd depth too, and config and weights agree', async () => {
    const checkpoint = await openFixture(name);
    const { layers } = parseConfig(checkpoint.config, name);
    for (const blocks of [2 * layers, 2 * layers - 1]) {
      const stacked = stackedCheckpoint(checkpoint, blocks);
      const config = parseConfig(stacked.config, name);
      expect(config.layers).toBe(blocks);
      checkWeights(config, stacked);
      for (let index = 0; index < blocks; index++) {
        const from = await checkpoint.readFloat32(tensor(index % layers));
        expect(await stacked.readFloat32(tensor(index)), `block ${index}`).toEqual(from);
      }
    }
    await checkpoint.close();
  });

  test('grown: own blocks stay, the others come from the reference', async () => {
    const reference = await openFixture(name);
    const trained = inheritedCheckpoint({
      checkpoint: reference,
      layers: 1,
      carry: CARRY,
      seed: 5,
      random: true,
    });
    const grown = grownCheckpoint(trained, reference, 2);
    checkWeights(parseConfig(grown.config, name), grown);
    const own = [...trained.tensors.keys()].find((one) => one.startsWith(`${blockName[name]}0`))!;
    expect(await grown.readFloat32(own)).toEqual(await trained.readFloat32(own));
    expect(await grown.readFloat32(tensor(1))).toEqual(await reference.readFloat32(tensor(1)));
    await reference.close();
  });

  test('half the width has half the heads of the same size', async () => {
    const checkpoint = await openFixture(name);
    const { config } = checkpoint;
    const whole = parseConfig(config, name);
    const half = parseConfig(halfWidthConfig(config), name);
    expect([half.hidden, half.heads, half.headSize]).toEqual([
      whole.hidden / 2,
      whole.heads / 2,
      whole.headSize,
    ]);
    checkWeights(half, randomCheckpoint(halfWidthConfig(config), 1));
    await checkpoint.close();
  });
});
