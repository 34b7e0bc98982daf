import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeftEvaluation } from '../../src/run/left-evaluation.ts';
import { parseRunRecord } from '../../src/store/run-record.ts';
import type { RunRecord } from '../../src/store/run-record.ts';
import { cli } from '../support/cli.ts';
import { inRepository } from '../support/repository.ts';

// A real run is recorded in a folder store; later runs into other folders take from it what did not change.
const recipe = inRepository('test/fixtures/recipes/action.yml');
const EVERY_STAGE = [
  'prepare',
  'inherit',
  'train',
  'evaluate reference',
  'evaluate inherited',
  'evaluate trained',
];
let folder: string;
let store: string;
let first: RunRecord;
let id: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reuse-test-'));
  store = join(folder, 'store');
  await run('base/first', []);
  first = await recorded('base/first', ['--store', store]);
  id = (await readdir(store, { recursive: true })).find((name) => name.endsWith('.json'))!;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Stages by how they came about. */
interface Ran {
  readonly out: string;
  readonly report: string;
  readonly done: readonly string[];
  readonly taken: readonly string[];
}

async function run(name: string, more: readonly string[]): Promise<Ran> {
  const out = join(folder, name);
  const { exitCode, out: printed, errors } = await cli(['run', recipe, '--out', out, ...more]);
  expect(errors).toBe('');
  expect(exitCode).toBe(0);
  const { stages } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as {
    stages: { name: string; status: string; from?: string }[];
  };
  expect(stages.map((stage) => stage.name)).toEqual(EVERY_STAGE);
  return {
    out: printed,
    report: await readFile(join(out, 'report.md'), 'utf8'),
    done: stages.filter(({ status }) => status === 'done').map((stage) => stage.name),
    taken: stages.filter(({ from }) => from === id).map((stage) => stage.name),
  };
}

async function recorded(name: string, more: readonly string[] = []): Promise<RunRecord> {
  const file = join(folder, `${name}.json`);
  const { errors } = await cli(['record', join(folder, name), '--out', file, ...more]);
  expect(errors).toBe('');
  return parseRunRecord(await readFile(file, 'utf8'), file);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('inheritune run --baseline', () => {
  it('runs no stage where nothing changed, and the record says where everything is from', async () => {
    const { done, taken, report, out } = await run('same/second', ['--baseline', store]);
    expect(done).toEqual([]);
    expect(taken).toEqual(EVERY_STAGE);
    expect(report).toContain('No stage changed: 0 GPU-minutes.');
    expect(out).toContain(`Every stage was given what it was given in the baseline ${id}.`);
    // Neither weights nor tokens were made, and the scores are those of the baseline.
    for (const name of ['model.safetensors', 'train.jsonl', 'tokens', 'inherited'])
      expect(await exists(join(folder, 'same/second', name)), name).toBe(false);
    const record = await recorded('same/second');
    expect(record.reusedFrom).toEqual(Object.fromEntries(EVERY_STAGE.map((name) => [name, id])));
    expect(record.cost).toMatchObject({ gpuMinutes: 0, minutes: 0, trainedTokens: 0, evaluatedTokens: 0 });
    for (const part of ['hashes', 'models', 'itemSets', 'training', 'stageInputs', 'recipeHash'] as const)
      expect(record[part], part).toEqual(first[part]);
  });

  it('of such a run is compared like any other, and found identical', async () => {
    const [one, two] = [join(folder, 'base/first'), join(folder, 'same/second')];
    const { out } = await cli(['compare', one, two]);
    expect(out).toContain('No regression: every log-likelihood is identical');
    expect(out).toContain('First stage that differs: none');
    expect(out).toContain('No stage changed: 0 GPU-minutes.');
  });

  it('runs the first stage that differs and those behind it, and names it', async () => {
    const set = ['--set', 'train.steps=12'];
    const { done, taken, report } = await run('steps/run', ['--baseline', store, ...set]);
    // What the training starts from was left out at first: no evaluation needed it.
    expect(done).toEqual(['prepare', 'inherit', 'train', 'evaluate trained']);
    expect(taken).toEqual(['evaluate reference', 'evaluate inherited']);
    expect(report).toContain(`First stage that differs from the baseline ${escaped(id)}: train.`);
    expect(report).toMatch(/\| inherit \| done \(a later stage needs its files\) \|/);
    expect(report).toContain('trained − inherited');
    // The same as without a baseline.
    await run('steps/alone', set);
    const [withBaseline, alone] = [await recorded('steps/run'), await recorded('steps/alone')];
    expect(withBaseline.hashes).toEqual(alone.hashes);
    expect(withBaseline.training).toMatchObject({ steps: 12 });
  });

  it('where only the evaluation changed, takes tokens and weights that are on this machine', async () => {
    await mkdir(join(folder, 'near'));
    await cp(join(folder, 'base/first'), join(folder, 'near/first'), { recursive: true });
    const record = join(folder, 'near', 'a-copy.json');
    await cp(join(store, id), record);
    const set = ['--set', 'evaluate.limit=3'];
    const { report, done } = await run('near/limit', ['--baseline', record, ...set]);
    expect(report).toContain('evaluate reference.');
    expect(done).toEqual(['evaluate reference', 'evaluate inherited', 'evaluate trained']);
    const { hashes, reusedFrom } = await recorded('near/limit');
    const { trainedWeights } = hashes;
    expect(Object.values(reusedFrom ?? {})).toEqual([id, id, id]);
    expect(trainedWeights).toBe(first.hashes.trainedWeights);
  });

  it('and trains again where they are not, or were changed, and says so', async () => {
    await mkdir(join(folder, 'far'));
    await cp(join(folder, 'base/first'), join(folder, 'far/first'), { recursive: true });
    await rm(join(folder, 'far/first/tokens'), { recursive: true });
    const weights = join(folder, 'far/first/model.safetensors');
    const bytes = await readFile(weights);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(weights, bytes);
    const set = ['--set', 'evaluate.limit=3', '--set', 'evaluate.models=[trained]'];
    const out = join(folder, 'far/limit');
    await cli(['run', recipe, '--out', out, '--baseline', `${store}:${id}`, ...set]);
    expect(await readFile(join(out, 'report.md'), 'utf8')).toMatch(
      /\| train \| done \(a later stage needs its files\) \|/,
    );
  });

  it('leaves to another machine the evaluations that the baseline has not, with their models and validation losses', async () => {
    const leave = async (name: string, more: readonly string[]): Promise<LeftEvaluation[]> => {
      const out = join(folder, name);
      const args = ['run', recipe, '--out', out, '--leave-evaluation', '--baseline', store, ...more];
      expect((await cli(args)).errors).toBe('');
      const { left = [] } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as {
        left?: LeftEvaluation[];
      };
      return left;
    };
    expect(await leave('left/none', [])).toEqual([]);
    expect(await exists(join(folder, 'left/none/train.jsonl'))).toBe(false);
    expect((await recorded('left/none')).models).toEqual(first.models);

    const left = await leave('left/trained', ['--set', 'train.steps=12']);
    const validation = { lossNats: expect.any(Number) as number, perplexity: expect.any(Number) as number };
    expect(left).toMatchObject([{ model: 'trained', label: 'trained', folder: '.', validation }]);
    const part = await recorded('left/trained');
    expect(Object.keys(part.models)).toEqual(['reference', 'inherited']);
    // What it is left to evaluate is what a run of its own would have evaluated.
    const { done } = await run('left/whole', ['--set', 'train.steps=12']);
    expect(done).toContain('evaluate trained');
    const { stageInputs, models } = await recorded('left/whole');
    expect(left[0]?.inputHash).toBe(stageInputs['evaluate trained']);
    expect(left[0]?.validation).toEqual(models['trained']?.validation);
  });

  it('runs everything without a record of the recipe', async () => {
    await mkdir(join(folder, 'empty'));
    const { done, report } = await run('none/run', ['--baseline', join(folder, 'empty')]);
    expect(done).toEqual(EVERY_STAGE);
    expect(report).toContain('No stage was taken over from an earlier run.');
  });

  it('with an unreadable baseline does nothing at all', async () => {
    const broken = join(folder, 'broken', id);
    await mkdir(dirname(broken), { recursive: true });
    await writeFile(broken, (await readFile(join(store, id), 'utf8')).slice(0, -20));
    const out = join(folder, 'never');
    const args = ['run', recipe, '--out', out, '--baseline', join(folder, 'broken')];
    const { exitCode, errors } = await cli(args);
    expect(exitCode).toBe(2);
    expect(errors).toMatch(/^Baseline unreadable: runs\/action\/.*it is not JSON/);
    expect(await exists(out)).toBe(false);
  });

  it('a folder that took everything over is computed when the baseline is gone', async () => {
    await rename(join(folder, 'same/second'), join(folder, 'same/later'));
    const { done } = await run('same/later', []);
    expect(done).toEqual(EVERY_STAGE);
    expect((await recorded('same/later')).hashes).toEqual(first.hashes);
  });
});

/** As the report writes it. */
function escaped(text: string): string {
  return text.replaceAll('_', '\\_');
}
