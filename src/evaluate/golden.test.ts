import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { groupResults } from './group-results.ts';
import { folderRows } from './load-rows.ts';
import { prepareTask } from './prepare-task.ts';
import type { PreparedTask } from './prepare-task.ts';
import type { LoglikelihoodRequest, TaskResult } from './result.ts';
import { scoreTask } from './score-task.ts';
import { selectTasks } from './tasks/registry.ts';

// What lm-eval 0.4.13 itself asked and scored on complete evaluation splits, with the fake model below.
const folder = new URL('../../../shared/data/eval/', import.meta.url);
const available = existsSync(new URL('golden.json', folder));
if (!available) console.warn('golden.test.ts is skipped: ../shared/data/eval is not here.');

const metricsSchema = z.record(z.string(), z.number());
const goldenSchema = z.object({
  runs: z.array(
    z.object({
      name: z.string(),
      num_fewshot: z.number(),
      tasks: z.record(
        z.string(),
        z.object({
          docs: z.number(),
          requests: z.number(),
          requests_sha256: z.string(),
          metrics: metricsSchema,
          first_docs: z.array(
            z.object({ requests: z.array(z.tuple([z.string(), z.string()])), metrics: metricsSchema }),
          ),
        }),
      ),
      groups: z.record(z.string(), metricsSchema),
    }),
  ),
});

describe.skipIf(!available)('lm-eval 0.4.13 on the complete splits', () => {
  const { runs } = available
    ? goldenSchema.parse(JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8')))
    : { runs: [] };

  it('covers all three reference runs', () => {
    expect(runs.map((run) => [run.name, Object.keys(run.tasks).length])).toEqual([
      ['0-shot', 11],
      ['mmlu 5-shot', 57],
      ['5-shot', 3],
    ]);
  });

  describe.each(runs)('$name', (run) => {
    const results: Record<string, TaskResult> = {};

    it.each(Object.keys(run.tasks))('%s: requests, items, metrics', async (name) => {
      const golden = run.tasks[name]!;
      const prepared = await prepare(name, run.num_fewshot);
      const result = scoreTask(prepared, prepared.items.map(fakeScores));
      results[name] = result;
      if (result.status !== 'scored') throw new Error(result.reason);

      const requests = prepared.items.flatMap((item) => item.requests);
      expect(requests.length).toBe(golden.requests);
      expect(requestsHash(requests)).toBe(golden.requests_sha256);
      expect(result.docs).toBe(golden.docs);
      expectClose(result.metrics, golden.metrics);
      for (const [index, first] of golden.first_docs.entries()) {
        const item = prepared.items[index]!;
        expect(item.requests).toEqual(
          first.requests.map(([context, continuation]) => ({ context, continuation })),
        );
        const { margin, bits_per_byte, ...scores } = result.items[index]!.scores;
        expect(margin === undefined).toBe(name === 'truthfulqa_mc2');
        expect(bits_per_byte === undefined).toBe(name === 'truthfulqa_mc2');
        expectClose(scores, first.metrics);
      }
    });

    it('groups', () => {
      const names = Object.keys(run.groups);
      const asked = new Map([...selectTasks(['mmlu']).groups].filter(([name]) => names.includes(name)));
      const groups = groupResults(asked, results);
      expect(Object.keys(groups).sort()).toEqual(names.sort());
      for (const [name, { acc, acc_stderr, docs, missing }] of Object.entries(groups)) {
        expectClose({ acc, acc_stderr, docs }, run.groups[name]!);
        expect(missing).toEqual([]);
      }
    });
  });
});

async function prepare(name: string, fewShot: number): Promise<PreparedTask & { status: 'ready' }> {
  const [task] = selectTasks([name]).tasks;
  const prepared = await prepareTask(task!, folderRows(folder.pathname), { fewShot });
  if (prepared.status === 'unavailable') throw new Error(prepared.reason);
  return prepared;
}

function fakeScores({ requests }: { requests: readonly LoglikelihoodRequest[] }) {
  const scores = requests.map(({ context, continuation }) => {
    const digest = createHash('sha256').update(`${context}\0${continuation}`).digest();
    return { loglikelihood: -(digest.readUInt32BE(0) % 1000003) / 10007, greedy: false };
  });
  return { scores, truncated: false };
}

function requestsHash(requests: readonly LoglikelihoodRequest[]): string {
  const hash = createHash('sha256');
  for (const { context, continuation } of requests) hash.update(`${context}\0${continuation}\x01`);
  return hash.digest('hex');
}

function expectClose(
  actual: Readonly<Record<string, number | 'N/A'>>,
  golden: Readonly<Record<string, number>>,
): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(golden).sort());
  for (const [key, value] of Object.entries(golden)) {
    expect(
      Math.abs(Number(actual[key]) - value),
      `${key}: ${String(actual[key])} against ${String(value)}`,
    ).toBeLessThan(1e-9);
  }
}
