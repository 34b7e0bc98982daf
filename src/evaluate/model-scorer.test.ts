import { beforeAll, describe, expect, test } from 'vitest';
import { expectedModel, openFixture } from '../../test/support/model-fixtures.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import type { Engine } from '../engine/load.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import { modelScorer } from './model-scorer.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await testEngine();
});

async function scorerOf(name: string) {
  const checkpoint = await openFixture(name);
  const config = parseConfig(checkpoint.config, name);
  return modelScorer({
    engine: () => Promise.resolve(engine),
    config,
    checkpoint,
    precision: 'float32',
    progress: silentProgress,
    label: name,
  });
}

describe.each(['llama-tied', 'llama-untied', 'llama-bf16-sharded', 'gpt2-tied', 'gpt2-inverse'])(
  '%s',
  (name) => {
    test('gives the log-likelihoods of transformers, with requests packed together', async () => {
      const { requests } = await expectedModel(name);
      const { score } = await scorerOf(name);
      const scores = await score(requests.map((request) => ({ ...request, truncated: 0 })));
      requests.forEach(({ loglikelihood, greedy }, i) => {
        expect(Math.abs(scores[i]!.loglikelihood - loglikelihood)).toBeLessThan(1e-4);
        expect(scores[i]!.greedy).toBe(greedy);
      });
    });
  },
);

test('a request scores the same alone and among others that share its beginning', async () => {
  const { score } = await scorerOf('llama-tied');
  const shared = Array.from({ length: 40 }, (_, i) => (i * 7) % 128);
  const requests = Array.from({ length: 60 }, (_, i) => ({
    input: [...shared.slice(0, 10 + (i % 30)), i, (i * 5) % 128],
    targets: [(i * 3) % 128, i],
    truncated: 0,
  }));
  const together = await score(requests);
  for (const [i, request] of requests.entries()) {
    if (i % 12 > 0) continue;
    const [alone] = await score([request]);
    expect(Math.abs(alone!.loglikelihood - together[i]!.loglikelihood)).toBeLessThan(1e-4);
  }
});

test('counts what it computed and what a plain run would have', async () => {
  const { score, cost } = await scorerOf('gpt2-tied');
  const input = [1, 2, 3, 4, 5, 6];
  await score([7, 8, 9, 10].map((target) => ({ input, targets: [target], truncated: 0 })));
  expect(cost()).toMatchObject({ tokensComputed: 6, tokensPlain: 24 });
});
