import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { openFixture } from '../../../test/support/model-fixtures.ts';
import { inRepository } from '../../../test/support/repository.ts';
import { testEngine } from '../../../test/support/test-engine.ts';
import { openTokenFile } from '../../data/token-file.ts';
import type { Engine } from '../../engine/load.ts';
import { parseConfig } from '../../model/config.ts';
import { silentProgress } from '../../progress.ts';
import type { Checkpoint } from '../../weights/checkpoint.ts';
import type { BlockScore } from './block-scores.ts';
import { scoreBlocks } from './score-blocks.ts';

/** What `transformers` gives; made by test/reference/models/make_block_scores.py. */
interface Expected {
  readonly windows: number;
  readonly windowLength: number;
  readonly models: Readonly<Record<string, readonly BlockScore[]>>;
}

const fixtures = inRepository('test/fixtures/models');
const expected = JSON.parse(await readFile(`${fixtures}/block-scores.json`, 'utf8')) as Expected;

let engine: Engine;
let windows: readonly Int32Array[];
beforeAll(async () => {
  engine = await testEngine();
  const file = await openTokenFile(`${fixtures}/tokens.bin`, { vocabularySize: 96 });
  windows = await Promise.all(
    Array.from({ length: expected.windows }, (_, i) =>
      file.readTokens(i * expected.windowLength, expected.windowLength),
    ),
  );
  await file.close();
});

async function scored(checkpoint: Checkpoint, ids: readonly Int32Array[]) {
  const config = parseConfig(checkpoint.config, 'config.json');
  try {
    return await scoreBlocks({ engine, config, checkpoint, windows: ids, progress: silentProgress });
  } finally {
    await checkpoint.close();
  }
}

describe('the scores of transformers', () => {
  test.each(Object.keys(expected.models))('%s', async (name) => {
    const scores = await scored(await openFixture(name), windows);
    expect(scores).toMatchObject({ windows: expected.windows, windowLength: expected.windowLength });
    scores.blocks.forEach((block, i) => {
      const {
        block: number,
        headRanks,
        attentionRank,
        attentionColumns,
        ...rest
      } = expected.models[name]![i]!;
      expect(block).toMatchObject({ block: number, headRanks, attentionRank, attentionColumns });
      for (const [score, value] of Object.entries(rest)) {
        expect(block[score as 'residualNorm'] / (value as number), `${score} of block ${i}`).toBeCloseTo(
          1,
          5,
        );
      }
    });
    expect(scores.blocks).toHaveLength(expected.models[name]!.length);
  });
});

test('a model with values that are not finite is refused by its first such block', async () => {
  const checkpoint = await openFixture('llama-tied');
  const broken: Checkpoint = {
    ...checkpoint,
    close: () => checkpoint.close(),
    readFloat32: async (name) => {
      const values = await checkpoint.readFloat32(name);
      return name.includes('layers.1.mlp.down') ? values.fill(NaN) : values;
    },
  };
  await expect(scored(broken, windows)).rejects.toThrow(
    'Block 1 of the model gives values that are not finite',
  );
});
