import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../../test/support/cli.ts';
import type { CliOutcome } from '../../test/support/cli.ts';
import { modelFixture } from '../../test/support/model-fixtures.ts';
import { inRepository } from '../../test/support/repository.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';

const SELECT = 'by: block-influence, text: data/corpus/wikitext.txt, windows: 6, windowLength: 48';
const RECIPE = `device: cpu
reference: { model: test/fixtures/models/small-run }
inherit: { layers: { select: { keep: 2, ${SELECT} } } }
data: { tokens: test/fixtures/models/tokens.bin }
train: { steps: 2, sequenceLength: 16, microBatch: 2, accumulate: 1, precision: float32 }
evaluate: { tasks: [wnli], data: data/eval, limit: 2, models: [trained] }
`;

let folder: string;
let recipe: string;
/** The blocks of highest influence, by `inspect`. */
let kept: number[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choose-blocks-'));
  recipe = join(folder, 'select.yml');
  await writeFile(recipe, RECIPE);
  const { out } = await cli([
    ...['inspect', modelFixture('small-run'), '--text', inRepository('data/corpus/wikitext.txt')],
    ...['--windows', '6', '--window-length', '48', '--layers', '2', '--json'],
  ]);
  kept = (JSON.parse(out) as { kept: Record<string, number[]> }).kept['block-influence']!;
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (out: string, ...more: string[]): Promise<CliOutcome> =>
  cli(['run', recipe, '--out', join(folder, out), ...more]);

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, path), 'utf8')) as Record<string, unknown>;
}

/** Name and status of the stages of a finished run. */
async function stages(out: string): Promise<Record<string, string>> {
  const { stages } = (await json(`${out}/results.json`)) as {
    stages: { name: string; status: string }[];
  };
  return Object.fromEntries(stages.map(({ name, status }) => [name, status]));
}

describe('a recipe that chooses blocks by a score', () => {
  test('inherits the blocks that inspect names, and says so', { timeout: 60_000 }, async () => {
    // Otherwise the first blocks would pass for chosen ones.
    expect(kept).not.toEqual([0, 1]);
    const { exitCode, errors } = await run('whole');
    expect(exitCode, errors).toBe(0);
    expect((await json('whole/stages/inherit.json'))['result']).toMatchObject({ layers: kept });
    expect((await json('whole/results.json'))['inherit']).toMatchObject({
      blocks: kept,
      selection: { by: 'block-influence', contiguous: false, text: 'wikitext.txt', windows: 6 },
    });
    const report = await readFile(join(folder, 'whole', 'report.md'), 'utf8');
    expect(report).toContain('the 2 blocks with the highest block-influence');
    expect(report).toMatch(new RegExp(`\\*\\*${kept[0]}\\*\\* +\\|`));
    const [source, made] = await Promise.all(
      [modelFixture('small-run'), join(folder, 'whole', 'inherited')].map(openCheckpoint),
    );
    const name = (block: number): string => `model.layers.${block}.mlp.up_proj.weight`;
    for (const [at, block] of kept.entries())
      expect(await made!.readFloat32(name(at))).toEqual(await source!.readFloat32(name(block)));
    await Promise.all([source!.close(), made!.close()]);
  });

  test('scores once, whatever number of blocks is then kept', { timeout: 60_000 }, async () => {
    await run('whole');
    expect(await stages('whole')).toMatchObject({ 'score blocks': 'reused', inherit: 'reused' });
    await run('whole', '--set', 'inherit.layers.select.keep=3');
    expect(await stages('whole')).toMatchObject({ 'score blocks': 'reused', inherit: 'done' });
    await run('whole', '--set', 'inherit.layers.select.windows=5');
    expect(await stages('whole')).toMatchObject({ 'score blocks': 'done' });
  });

  test('trains the same model with train as with run', { timeout: 60_000 }, async () => {
    const { exitCode, errors } = await cli(['train', recipe, '--out', join(folder, 'trained')]);
    expect(exitCode, errors).toBe(0);
    await run('again');
    const losses = async (out: string): Promise<unknown[]> =>
      (await readFile(join(folder, out, 'train.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { loss: number }).loss);
    expect(await losses('trained')).toEqual(await losses('again'));
  });

  test('is planned by its number of blocks', async () => {
    const { exitCode, out } = await cli(['plan', recipe, '--json', '--device', 'a6000']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ blocks: 2 });
  });

  test('does not score for a baseline of random weights', { timeout: 60_000 }, async () => {
    const { exitCode, errors } = await run('random', '--set', 'train.initialise=random');
    expect(exitCode, errors).toBe(0);
    expect(Object.keys(await stages('random'))).not.toContain('score blocks');
  });

  test('is refused before anything is computed where the model has fewer blocks', async () => {
    const { exitCode, errors } = await run('refused', '--set', 'inherit.layers.select.keep=5');
    expect(exitCode).toBe(2);
    expect(errors).toContain('the model has 4 blocks');
  });
});
