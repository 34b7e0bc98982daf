import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectedModel, openFixture } from '../../test/support/model-fixtures.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import type { Engine } from '../engine/load.ts';
import type { NativeBinding } from '../engine/native-binding.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { modelScorer } from './model-scorer.ts';
import type { ModelScorerOptions } from './model-scorer.ts';

let engine: Engine;
const opened: Checkpoint[] = [];
beforeAll(async () => {
  engine = await testEngine();
});
afterAll(() => Promise.all(opened.map((checkpoint) => checkpoint.close())));

async function scorerOf(name: string, more: Partial<ModelScorerOptions> = {}) {
  const checkpoint = await openFixture(name);
  opened.push(checkpoint);
  const config = parseConfig(checkpoint.config, name);
  return modelScorer({
    engine: () => Promise.resolve(engine),
    config,
    checkpoint,
    precision: 'float32',
    progress: silentProgress,
    label: name,
    ...more,
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
  const shared = Array.from({ length: 40 }, (_, i) => (i * 7) % 90);
  const requests = Array.from({ length: 60 }, (_, i) => ({
    input: [...shared.slice(0, 10 + (i % 30)), i, (i * 5) % 90],
    targets: [(i * 3) % 90, i],
    truncated: 0,
  }));
  const together = await score(requests);
  for (const [i, request] of requests.entries()) {
    if (i % 12 > 0) continue;
    const [alone] = await score([request]);
    expect(Math.abs(alone!.loglikelihood - together[i]!.loglikelihood)).toBeLessThan(1e-4);
  }
});

test.each(['llama-tied', 'llama-untied', 'gpt2-tied'])(
  '%s: behind a kept context a request scores as it does alone',
  async (name) => {
    const { score, cost } = await scorerOf(name);
    const context = Array.from({ length: 50 }, (_, i) => (i * 7 + 3) % 90);
    const requests = Array.from({ length: 90 }, (_, i) => ({
      input: [...context, ...Array.from({ length: 10 }, (_, j) => (i * 11 + j * (5 + i)) % 90)],
      targets: [(i * 3) % 90, i],
      truncated: 0,
    }));
    const together = await score(requests);
    // Two rows of up to 512 tokens, the context once.
    expect(cost().tokensComputed).toBeLessThanOrEqual(50 + 90 * 10);
    for (const i of [0, 17, 44, 89]) {
      const [alone] = await score([requests[i]!]);
      expect(Math.abs(alone!.loglikelihood - together[i]!.loglikelihood)).toBeLessThan(1e-4);
      expect(alone!.greedy).toBe(together[i]!.greedy);
    }
  },
);

test('counts what it computed and what a plain run would have', async () => {
  const { score, cost } = await scorerOf('gpt2-tied');
  const input = [1, 2, 3, 4, 5, 6];
  await score([7, 8, 9, 10].map((target) => ({ input, targets: [target], truncated: 0 })));
  expect(cost()).toMatchObject({ tokensComputed: 6, tokensPlain: 24 });
});

/** Unrelated requests of 30 tokens: as many go into a row as its limit allows. */
const unrelated = Array.from({ length: 60 }, (_, i) => ({
  input: Array.from({ length: 30 }, (_, j) => (i * 37 + j * 11) % 90),
  targets: [i % 90, (i * 3) % 90],
  truncated: 0,
}));

/** The engine with a device that has no room for rows of more than `tokens` tokens. */
function withRoomFor(tokens: number): Engine {
  const native = engine.binding;
  const lengths = new Map<number, number>();
  const watched: Partial<NativeBinding> = {
    createTensor: (shape, dtype, values) => {
      const id = native.createTensor(shape, dtype, values);
      lengths.set(id, shape[0] ?? 1);
      return id;
    },
    runSavedModel: (id, inputs, names, outputs) => {
      const ids = inputs[names.split(',').findIndex((name) => name.startsWith('ids'))];
      if (ids !== undefined && lengths.get(ids)! > tokens)
        throw new Error('OOM when allocating tensor with shape[2048,49152] on GPU:0 by allocator GPU_0_bfc');
      return native.runSavedModel(id, inputs, names, outputs);
    },
  };
  return engineWith(watched);
}

function engineWith(methods: Partial<NativeBinding>): Engine {
  const descriptors = Object.getOwnPropertyDescriptors(methods);
  return { ...engine, binding: Object.create(engine.binding, descriptors) as NativeBinding };
}

test('prepares one graph for rows of every length, and says how long that took', async () => {
  let [graphs, runs] = [0, 0];
  const native = engine.binding;
  const counted: Partial<NativeBinding> = {
    loadSavedModel: (folder, tags) => (graphs++, native.loadSavedModel(folder, tags)),
    runSavedModel: (id, inputs, names, outputs) => {
      if (names.includes('targetRow')) runs++;
      return native.runSavedModel(id, inputs, names, outputs);
    },
  };
  const { score, cost } = await scorerOf('gpt2-tied', { engine: () => Promise.resolve(engineWith(counted)) });
  await score(unrelated);
  // 60 × 30 tokens in rows of up to 512, the last one shorter; and one row when the graph is prepared.
  expect([graphs, runs]).toEqual([1, 5]);
  const { compileSeconds, seconds } = cost();
  expect(compileSeconds).toBeGreaterThan(0);
  expect(compileSeconds).toBeLessThan(seconds);
});

test('goes on with rows half as long when memory runs out, says so, and asks for nothing twice', async () => {
  const usual = await (await scorerOf('llama-tied')).score(unrelated);
  const notes: string[] = [];
  const { score, cost } = await scorerOf('llama-tied', {
    engine: () => Promise.resolve(withRoomFor(128)),
    progress: { ...silentProgress, note: (text) => notes.push(text) },
  });
  const seen: number[] = [];
  const scores = await score(unrelated, (index) => seen.push(index));
  expect(notes).toEqual([
    'The device ran out of memory. Rows have at most 1024 tokens from here on.',
    'The device ran out of memory. Rows have at most 512 tokens from here on.',
  ]);
  expect(cost()).toMatchObject({ outOfMemory: 2, maxRowTokens: 512, tokensComputed: 60 * 30 });
  expect([...seen].sort((a, b) => a - b)).toEqual(unrelated.map((_, index) => index));
  for (const [i, { loglikelihood }] of usual.entries())
    expect(Math.abs(scores[i]!.loglikelihood - loglikelihood)).toBeLessThan(1e-4);
});

test('gives up where one request alone does not fit', async () => {
  const { score } = await scorerOf('llama-tied', { engine: () => Promise.resolve(withRoomFor(16)) });
  await expect(score(unrelated.slice(0, 1))).rejects.toMatchObject({ code: 'outOfMemory', exitCode: 1 });
});

test('keeps rows so short that the predicted peak stays below the memory bound', async () => {
  const unbound = await scorerOf('llama-tied');
  const usual = await unbound.score(unrelated);
  const bound = await scorerOf('llama-tied', { maxMemoryBytes: process.memoryUsage.rss() + 96e6 });
  const scores = await bound.score(unrelated);
  expect([unbound.cost().maxRowTokens, bound.cost().maxRowTokens]).toEqual([2048, 1024]);
  expect(bound.cost().outOfMemory).toBe(0);
  for (const [i, { loglikelihood }] of usual.entries())
    expect(Math.abs(scores[i]!.loglikelihood - loglikelihood)).toBeLessThan(1e-4);
});

test('refuses a memory bound that the model does not fit into', async () => {
  const { score } = await scorerOf('llama-tied', { maxMemoryBytes: 1e6 });
  const failure = score(unrelated);
  await expect(failure).rejects.toMatchObject({ code: 'bad-option', exitCode: 2 });
  await expect(failure).rejects.toThrow(
    /--max-memory\) is 0\.00 GB, and about \d\.\d\d GB are needed .*30 tokens/,
  );
});
