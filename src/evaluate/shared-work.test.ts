import { beforeAll, expect, it } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { taskRows } from '../../test/support/task-rows.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Engine } from '../engine/load.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { evaluate } from './evaluate.ts';
import type { Evaluation } from './evaluate.ts';
import { modelScorer, usualLimits } from './model-scorer.ts';
import type { ModelScorerOptions, ScoringCost } from './model-scorer.ts';
import { openScoring } from './open-scoring.ts';
import { packRows } from './pack-rows.ts';
import type { PackedRow } from './pack-rows.ts';
import { longest } from './plan-rows.ts';
import type { Loglikelihood, Scorer, TokenRequest } from './result.ts';
import { keepContext, runRow } from './run-row.ts';
import { selectTasks } from './tasks/registry.ts';

// All tasks, scored with what prompts share computed once, and again with every prompt in a run of its own. The weights are
// large enough for every token of a prompt to count, and no prompt is cut: rotary positions go on beyond the model's context.
const MODEL = 'test/fixtures/evaluate/models/llama-bos';
const CONTEXT = 8192;
const TASKS = ['nine', 'wsc273', 'truthfulqa_mc1', 'mmlu'];

let together: Evaluation;
let apart: Evaluation;
let cost: ScoringCost;
let rows: readonly PackedRow[];
beforeAll(async () => {
  const engine = await testEngine();
  const checkpoint = await openCheckpoint(inRepository(MODEL));
  const options: ModelScorerOptions = {
    engine: () => Promise.resolve(engine),
    config: parseConfig(checkpoint.config, MODEL),
    ...{ checkpoint, precision: 'float32', progress: silentProgress, label: MODEL },
  };
  const tokenizer = await loadCheckpointTokenizer(checkpoint);
  const scoredBy = (scorer: Scorer): Promise<Evaluation> =>
    evaluate({ tasks: TASKS, loadRows: taskRows, limit: 2, tokenizer, maxLength: CONTEXT, scorer });
  const sharing = modelScorer(options);
  together = await scoredBy((requests, onScored) => {
    rows = packRows(requests, usualLimits('cpu'));
    return sharing.score(requests, onScored);
  });
  cost = sharing.cost();
  apart = await scoredBy((requests) => scoreApart(engine, options, requests));
  await checkpoint.close();
});

/** Each prompt from its first token, in a row of its own; of choices that are one token each, the prompt is the same. */
async function scoreApart(
  engine: Engine,
  options: ModelScorerOptions,
  requests: readonly TokenRequest[],
): Promise<Loglikelihood[]> {
  const { session } = await openScoring(engine, options, longest(requests));
  try {
    keepContext(session, []);
    const results: Loglikelihood[] = [];
    for (const prompt of new Set(requests.map(({ input }) => input))) {
      const asked = requests.flatMap(({ input }, index) => (input === prompt ? [index] : []));
      const [row] = packRows(
        asked.map((index) => requests[index]!),
        { rowTokens: CONTEXT, maxRowTokens: CONTEXT },
      );
      for (const [position, result] of runRow(session, row!)) results[asked[position]!] = result;
    }
    return results;
  } finally {
    session.close();
  }
}

it.each(selectTasks(TASKS).tasks.map(({ name }) => name))('%s: the same scores', (name) => {
  const [shared, alone] = [together.tasks[name], apart.tasks[name]];
  if (shared?.status !== 'scored' || alone?.status !== 'scored') throw new Error(JSON.stringify(shared));
  expect(shared.truncatedItems).toBe(0);
  for (const [index, { loglikelihoods, greedy }] of alone.items.entries()) {
    const item = shared.items[index]!;
    for (const [choice, value] of loglikelihoods.entries())
      expect(Math.abs(item.loglikelihoods[choice]! - value)).toBeLessThan(1e-4);
    expect(item.greedy).toEqual(greedy);
  }
});

it('keeps the keys and values of what several rows share', () => {
  const kept = new Set(rows.map(({ context }) => context).filter(({ length }) => length > 0));
  expect(kept.size).toBeGreaterThan(5);
  expect(cost.tokensComputed).toBe(
    [...rows.map(({ ids }) => ids), ...kept].reduce((sum, { length }) => sum + length, 0),
  );
});

it('computes a sixth of the tokens or less', () => {
  expect(cost.tokensComputed).toBeLessThan(cost.tokensPlain / 6);
});
