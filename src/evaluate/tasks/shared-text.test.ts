import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { STUDY_TASKS } from '../../../benchmarks/judge/draw.ts';
import { folderRows } from '../load-rows.ts';
import { prepareTask } from '../prepare-task.ts';
import type { ItemResult } from '../result.ts';
import { scoreTask } from '../score-task.ts';
import { selectTasks } from './registry.ts';

/** Complete evaluation splits. */
const shared = new URL('../../../../shared/data/eval/', import.meta.url);
const available = existsSync(shared);
if (!available) console.warn('Three tests of clusters are skipped: ../shared/data is not here.');

const sharing = ['boolq', 'logiqa', 'mnli', 'qnli', 'wnli', 'wsc'];
const alone = ['piqa', 'winogrande', 'truthfulqa_mc2'];

/** The items of real rows; what is answered does not matter here. */
async function itemsOf(name: string, folder: URL, limit?: number): Promise<readonly ItemResult[]> {
  const [task] = selectTasks([name]).tasks;
  const prepared = await prepareTask(task!, folderRows(fileURLToPath(folder)), { limit });
  if (prepared.status !== 'ready') throw new Error(prepared.reason);
  const result = scoreTask(
    prepared,
    prepared.items.map(({ requests }) => ({
      scores: requests.map((_, i) => ({ loglikelihood: -1 - i, greedy: false })),
      truncated: false,
    })),
  );
  if (result.status !== 'scored') throw new Error(result.reason);
  return result.items;
}

describe('clusters', () => {
  it('of real rows that share a sentence are equal, and others are not', async () => {
    const rows = readFileSync(new URL('../../../data/eval/mnli.jsonl', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { premise: string });
    const items = await itemsOf('mnli', new URL('../../../data/eval/', import.meta.url));
    expect(items.length).toBe(rows.length);
    expect(new Set(items.map(({ cluster }) => cluster)).size).toBe(
      new Set(rows.map(({ premise }) => premise)).size,
    );
    for (const { cluster } of items) expect(cluster).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are a hash of the text alone, so that two runs agree', () => {
    const boolq = selectTasks(['boolq']).tasks[0]!;
    const passage = 'Property tax -- or house tax.';
    const read = (question: string) => boolq.read({ question, passage, label: 1 });
    expect(read('is house tax the same')).toMatchObject({ question: { sharedText: passage } });
    expect(read('is there a house tax')).toMatchObject({ question: { sharedText: passage } });
  });

  it.skipIf(!available).each(sharing)(
    '%s has as many in the complete split as the simulation study assumes',
    async (task) => {
      const { items: size, clusters } = STUDY_TASKS.find(({ name }) => name === task)!;
      const items = await itemsOf(task, shared);
      expect(items).toHaveLength(size);
      expect(new Set(items.map(({ cluster }) => cluster)).size).toBe(clusters);
    },
  );

  it.skipIf(!available).each(alone)('%s has none: every row stands alone', async (task) => {
    for (const { cluster } of await itemsOf(task, shared, 50)) expect(cluster).toBeUndefined();
  });
});
