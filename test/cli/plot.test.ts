import { mkdtempSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { inRepository } from '../support/repository.ts';
import { smallRecipe, writeRecipe } from '../train/train-process.ts';

/** What `train` wrote in 120 steps on the tiny LLaMA of the fixtures, with a validation loss every 20. */
const SMALL_RUN = inRepository('test/fixtures/train/small-run');
const folder = mkdtempSync(join(tmpdir(), 'inheritune-plot-'));
afterAll(() => rm(folder, { recursive: true }));

describe('in the terminal', () => {
  test('draws both losses of a run, with their last and lowest values', async () => {
    const { exitCode, out } = await cli(['plot', SMALL_RUN]);
    expect(exitCode).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "    ▲
          │····
          │    ····
          │        ·
      5.00┤         ··
          │           ···
          │              ····
          │              ●   ··
          │                    ·  ·
      4.00┤                    ··· ·    ·
          │                         ·· ·●·   ·
          │                           ·· ···· ··
          │                           ·  ··   · ·
          │                              ·       · ··  ● ··· ··  ·
          │                                      ··  ····   ·  · ··   ·  ·
      3.00┤                                                     · ··· ●· ··    ··                ··
          │                                                          · ··  · ··  ····● ·· ·  · · · ·●
          │                                                                 ·    ·    ·· · · ·· ·
          │                                                                           ·    ··
          └──────────────┬──────────────┬──────────────┬──────────────┬──────────────┬──────────────┬▶
                        20             40             60             80            100            120
      optimizer step; loss in nats per token
      · small-run, training    last 2.8300, lowest 2.4521 at 108
      ● small-run, validation  last 2.8276, lowest 2.8276 at 120"
    `);
  });

  test('a smoothed curve over tokens', async () => {
    const { out } = await cli(['plot', join(SMALL_RUN, 'train.jsonl'), '--x', 'tokens', '--smooth', '0.9']);
    expect(out).toMatchInlineSnapshot(`
      "    ▲
          │······
          │      ····
          │          ···
      5.00┤             ···
          │                ···
          │                   ··
      4.50┤              ●      ···
          │                        ··
          │                          ····
      4.00┤                              ··
          │                             ●  ······
          │                                      ··
      3.50┤                                        ····
          │                                            ········
          │                                            ●       ······
          │                                                          ·······
      3.00┤                                                           ●     ·········● ··
          │                                                                           ·  ···········●
          └────────────────────────────┬─────────────────────────────┬────────────────────────────┬──▶
                                      5k                           10k                          15k
      tokens; loss in nats per token
      · small-run, training    last 2.8166, lowest 2.7604 at 14.7k
      ● small-run, validation  last 2.8276, lowest 2.8276 at 15.4k"
    `);
  });

  test('tells several runs apart by symbol and name', async () => {
    const other = join(folder, 'other');
    await cp(SMALL_RUN, other, { recursive: true });
    const { out } = await cli(['plot', SMALL_RUN, other]);
    const legend = out
      .split('\n')
      .slice(-4)
      .map((line) => line.split('  ')[0]);
    expect(legend).toEqual([
      '· small-run, training',
      '● small-run, validation',
      '+ other, training',
      '◆ other, validation',
    ]);
  });

  test('two folders of one name are called by their paths', async () => {
    const other = join(folder, 'elsewhere', 'small-run');
    await cp(SMALL_RUN, other, { recursive: true });
    const { out } = await cli(['plot', other, join('test/fixtures/train', 'small-run')]);
    expect(out).toContain('+ test/fixtures/train/small-run, training');
    expect(out).not.toMatch(/^\S small-run, training/m);
  });

  test("a growing run's folder is all its models", async () => {
    const grown = join(folder, 'grown');
    for (const name of ['reference', 'scratch']) await cp(SMALL_RUN, join(grown, name), { recursive: true });
    const { out } = await cli(['plot', grown]);
    expect(out).toContain('· reference, training');
    expect(out).toContain('+ scratch, training');
  });
});

test('a run that is still going: the half-written last line does not count', async () => {
  const going = join(folder, 'going');
  await mkdir(going);
  const lines = (await readFile(join(SMALL_RUN, 'train.jsonl'), 'utf8')).split('\n');
  await writeFile(join(going, 'train.jsonl'), `${lines.slice(0, 60).join('\n')}\n${lines[60]!.slice(0, 40)}`);
  const half = await cli(['plot', going]);
  expect(half.exitCode).toBe(0);
  await writeFile(join(going, 'train.jsonl'), `${lines.slice(0, 60).join('\n')}\n`);
  expect((await cli(['plot', going])).out).toBe(half.out);
  await appendFile(join(going, 'train.jsonl'), `${lines[60]!}\n`);
  expect((await cli(['plot', going])).out).not.toBe(half.out);
});

test('a run of one step and a folder that is to be made', async () => {
  const short = join(folder, 'short');
  await mkdir(short);
  const [first] = (await readFile(join(SMALL_RUN, 'train.jsonl'), 'utf8')).split('\n');
  await writeFile(join(short, 'train.jsonl'), `${first!}\n`);
  const svg = join(folder, 'new', 'loss.svg');
  const { exitCode, out } = await cli(['plot', short, '--svg', svg]);
  expect(exitCode).toBe(0);
  expect(out).toContain('last 5.4209, lowest 5.4209 at 1');
  expect(await readFile(svg, 'utf8')).toContain('short, training');
});

test('a run that was just trained', async () => {
  const out = join(folder, 'trained');
  const recipe = await writeRecipe(folder, smallRecipe({ steps: 12, checkpointEvery: 4, validateEvery: 4 }));
  expect(await cli(['train', recipe, '--out', out])).toMatchObject({ exitCode: 0 });
  const svg = join(folder, 'trained.svg');
  const plotted = await cli(['plot', out, '--smooth', '0.5', '--svg', svg]);
  expect(plotted.exitCode).toBe(0);
  expect(plotted.out).toMatch(/^● trained, validation {2}last \d\.\d{4}, lowest \d\.\d{4} at 12$/m);
  expect(await readFile(svg, 'utf8')).toMatch(
    /^<svg [^]*trained, training[^]*trained, validation[^]*<\/svg>\n$/,
  );
});

describe('refuses, with exit code 2', () => {
  const empty = join(folder, 'empty');
  test.each([
    [
      'a folder that does not exist',
      ['nowhere'],
      'nowhere does not exist. Name the folder of a training run',
    ],
    ['a folder without a log', ['test/fixtures/recipes'], 'test/fixtures/recipes has no train.jsonl'],
    ['a log without a step', [empty], 'has no step yet'],
    ['a weight of 1', [SMALL_RUN, '--smooth', '1'], '--smooth is 1. Give a number from 0 to below 1'],
    ['another axis', [SMALL_RUN, '--x', 'time'], 'Allowed choices are step, tokens'],
  ])('%s', async (_, args, words) => {
    await mkdir(empty, { recursive: true });
    await writeFile(join(empty, 'train.jsonl'), '');
    const { exitCode, errors, out } = await cli(['plot', ...args]);
    expect(errors).toContain(words);
    expect(out).toBe('');
    expect(exitCode).toBe(2);
  });

  test('a run whose losses are all null', async () => {
    const broken = join(folder, 'broken');
    await mkdir(broken);
    await writeFile(join(broken, 'train.jsonl'), '{"step":1,"loss":null,"tokens":64}\n');
    const { exitCode, errors } = await cli(['plot', broken]);
    expect(errors).toBe('The run broken has no finite loss. Name another run.');
    expect(exitCode).toBe(2);
  });
});
