import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, it } from 'vitest';
import { readQuestions } from '../load-rows.ts';
import { selectTasks } from '../tasks/registry.ts';
import { parquetRows } from './parquet-rows.ts';

const root = new URL('../../../', import.meta.url);

// Two rows of the shipped sample, written with `Dataset.to_parquet` of datasets 4, as the hub's files are.
it('reads nested lists as `datasets` writes them', async () => {
  const location = new URL('test/fixtures/evaluate/truthfulqa-two-rows.parquet', root).pathname;
  const rows = await parquetRows([{ location, name: 'two.parquet' }]);
  const lines = readFileSync(new URL('data/eval/truthfulqa_mc.jsonl', root), 'utf8').split('\n').slice(0, 2);
  expect(rows.map(({ value }) => value)).toEqual(lines.map((line) => JSON.parse(line) as unknown));
  const [task] = selectTasks(['truthfulqa_mc2']).tasks;
  expect(readQuestions(task!, rows)).toHaveLength(2);
});

it('reads several files as one, and refuses files without rows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  try {
    const write = async (name: string, data: string[]) => {
      const location = join(folder, name);
      const columnData = [{ name: 'goal', data, type: 'STRING' as const }];
      await writeFile(location, Buffer.from(parquetWriteBuffer({ columnData })));
      return { location, name };
    };
    const [first, second, empty] = [
      await write('a', ['x', 'y']),
      await write('b', ['z']),
      await write('c', []),
    ];
    expect((await parquetRows([first, second])).map(({ file, line }) => `${file}${String(line)}`)).toEqual([
      'a1',
      'a2',
      'b1',
    ]);
    await expect(parquetRows([empty])).rejects.toMatchObject({ code: 'empty-file' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
