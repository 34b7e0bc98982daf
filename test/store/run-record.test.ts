import { execa } from 'execa';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareCommand } from '../../src/cli/commands/compare.ts';
import { ledgerCommand } from '../../src/cli/commands/ledger.ts';
import { recordCommand } from '../../src/cli/commands/record.ts';
import type { CommandDefinition } from '../../src/cli/command-io.ts';
import { silentProgress } from '../../src/progress.ts';
import { loadRecipe } from '../../src/recipe/load-recipe.ts';
import { resolveRecipePaths } from '../../src/recipe/recipe-paths.ts';
import type { RunContext } from '../../src/run/context.ts';
import { runRecipe } from '../../src/run/run-recipe.ts';
import { firstStageThatDiffers } from '../../src/store/stage-difference.ts';
import { parseRunRecord } from '../../src/store/run-record.ts';
import type { RunRecord } from '../../src/store/run-record.ts';
import { inRepository, repositoryRoot } from '../support/repository.ts';
import { testEngine } from '../support/test-engine.ts';

// Two real runs, which differ in the training seed, each recorded through the command line.
const recipeFile = inRepository('test/fixtures/recipes/action.yml');
let folder: string;
let engine: ReturnType<typeof testEngine> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-record-test-'));
  await run('one', []);
  await run('two', ['train.seed=7']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function context(cwd = repositoryRoot): RunContext {
  return {
    ...{ cwd, env: process.env, progress: silentProgress, signal: new AbortController().signal, places: {} },
    engine: () => (engine ??= testEngine()),
    version: '0.0.0-test',
  };
}

async function run(name: string, overrides: string[]): Promise<void> {
  const loaded = await loadRecipe(recipeFile, { overrides });
  const recipe = await resolveRecipePaths(loaded, { cwd: repositoryRoot });
  const command = `inheritune run ${name}`;
  await runRecipe(recipe, { outFolder: join(folder, name), command, written: loaded }, context());
}

async function cli(define: CommandDefinition, argv: string[], cwd = repositoryRoot) {
  let code = 0;
  const lines: string[] = [];
  const io = () => ({
    ...{ context: context(cwd), device: undefined, home: folder },
    print: (text: string) => void lines.push(text),
  });
  const command = define(io, (given) => {
    code = given;
  });
  await command.exitOverride().parseAsync(argv, { from: 'user' });
  return { code, text: lines.join('\n') };
}

async function record(name: string, more: string[] = []): Promise<RunRecord> {
  const file = join(folder, `${name}.json`);
  const options = ['--commit', 'b'.repeat(40), '--out', file, ...more];
  await cli(recordCommand, [join(folder, name), ...options]);
  return parseRunRecord(await readFile(file, 'utf8'), file);
}

describe('the record of a run', () => {
  it('has what each stage left, the cost, and where it ran', async () => {
    const made = await record('one');
    expect(made).toMatchObject({ name: 'action', commit: 'b'.repeat(40), seeds: { train: 1337 } });
    const { lossAtSteps, itemScores, ...hashes } = made.hashes;
    for (const [name, hash] of Object.entries(hashes)) expect(hash, name).toMatch(/^[0-9a-f]{64}$/);
    expect(lossAtSteps.map(({ step }) => step)).toEqual([1, 10, 16]);
    expect(Object.keys(itemScores)).toEqual(Object.keys(made.models));
    expect(Object.keys(made.stageInputs)[0]).toBe('prepare');
    expect(made.cost).toMatchObject({ gpuMinutes: 0, trainedTokens: 16 * 64 * 4 });
    expect(made.cost.minutes).toBeGreaterThan(0);
    expect(made.cost.trainTokensPerSecond).toBeGreaterThan(0);
    // TensorFlow alone takes more.
    expect(made.cost.peakMemoryBytes).toBeGreaterThan(100e6);
    expect(made.environment).toMatchObject({ device: 'cpu', precision: 'float32', commit: 'b'.repeat(40) });
    expect(made.environment).toMatchObject({
      ...{ tensorflow: expect.stringMatching(/^\d+\.\d+/) as string, inheritune: '0.0.0-test' },
      processor: expect.stringMatching(/x\d+$/) as string,
    });
    expect(made.training?.losses).toHaveLength(16);
    expect(JSON.stringify(made)).not.toContain(folder);
  });

  it('of another training seed differs first in the order of the batches, and is of the same design', async () => {
    const [one, two] = [await record('one'), await record('two')];
    expect(firstStageThatDiffers(one, two)?.stage).toBe('batch order');
    expect(one.designHash).toBe(two.designHash);
    expect(one.recipeHash).not.toBe(two.recipeHash);
    const changed = Object.keys(two.stageInputs).filter(
      (name) => one.stageInputs[name] !== two.stageInputs[name],
    );
    expect(changed).toEqual(['train', 'evaluate trained']);
  });

  it('needs nothing but the folder, wherever that is, and takes another name', async () => {
    const there = await record('one');
    await cp(join(folder, 'one'), join(folder, 'elsewhere', 'copied'), { recursive: true });
    const file = join(folder, 'copied.json');
    const options = ['--commit', 'b'.repeat(40), '--out', file, '--set', 'name=variant'];
    // Nowhere near the recipe, the data or the reference.
    await cli(recordCommand, [join(folder, 'elsewhere', 'copied'), ...options], folder);
    const copied = parseRunRecord(await readFile(file, 'utf8'), file);
    expect(copied.name).toBe('variant');
    expect(copied.hashes).toEqual(there.hashes);
    expect(copied.recipe).toEqual({ ...there.recipe, name: 'variant' });
  });

  it('of a folder without a finished run is refused by name', async () => {
    await mkdir(join(folder, 'empty'));
    await expect(record('empty')).rejects.toThrow(/results\.json is not what a finished run leaves/);
    await cp(join(folder, 'one'), join(folder, 'cut'), { recursive: true });
    await rm(join(folder, 'cut', 'stages', 'train.json'));
    await expect(record('cut')).rejects.toThrow(/train\.json is not what a finished run leaves/);
  });

  it('a run that took everything over costs nothing', async () => {
    await run('one', []);
    const again = await record('one');
    expect(again.reusedStages).toEqual(Object.keys(again.stageInputs));
    expect(again.cost).toMatchObject({ gpuMinutes: 0, minutes: 0, trainedTokens: 0, evaluatedTokens: 0 });
  });
});

describe('inheritune compare', () => {
  it('takes records, run folders and result files in any pair, with the same verdict', async () => {
    await record('one');
    await record('two');
    const sides = (name: string): string[] => [
      ...[join(folder, `${name}.json`), join(folder, name), join(folder, name, 'results', 'trained.json')],
    ];
    const verdicts = new Set<string>();
    for (const base of sides('one'))
      for (const head of sides('two')) {
        const { text } = await cli(compareCommand, [base, head]);
        verdicts.add(text.split('\n')[0] ?? '');
      }
    expect(verdicts.size).toBe(1);
    expect([...verdicts][0]).toMatch(/^## ❔ Cannot tell/);
  });

  it('names the first stage that differs, the cost and the commands, from records and from run folders alike', async () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const texts = [];
    for (const [base, head] of [
      [`${one}.json`, `${two}.json`],
      [one, two],
    ] as const) {
      const { text } = await cli(compareCommand, [base, head]);
      texts.push(text.replaceAll('.json', ''));
    }
    const [text] = texts;
    expect(text).toContain('First stage that differs: **batch order**');
    expect(text).toContain('inheritune run two');
    // The last run of "one" took everything over.
    expect(text).toContain('| Tokens trained on | 0 | 4,096 |');
    expect(text).toContain('```mermaid');
    expect(text).toContain('whether that is more than chance is unknown: one seed on each side');
    const cut = (one: string | undefined): string => one?.split('<summary>Models and environment')[0] ?? '';
    expect(cut(texts[1])).toBe(cut(text));
  });

  it('judges the validation loss where further seeds are given', async () => {
    const [one, two] = [join(folder, 'one.json'), join(folder, 'two.json')];
    const { text } = await cli(compareCommand, [one, one, '--base-seeds', two, '--head-seeds', two]);
    expect(text).toContain('2 and 2 seeds');
  });

  it('names a broken record as an unreadable baseline', async () => {
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{"kind":"run","schemaVersion":1}');
    await expect(cli(compareCommand, [broken, broken])).rejects.toMatchObject({ code: 'baselineUnreadable' });
  });
});

/** Commits other text in a record's place, as nothing of ours would; the new tip. */
async function breakRecord(remote: string, path: string): Promise<string> {
  const clone = await mkdtemp(join(folder, 'break-'));
  await execa('git', ['clone', '--quiet', '--branch', 'inheritune-data', remote, clone]);
  await writeFile(join(clone, path), '{"kind":"run","schemaVersion":1');
  const inClone = (...args: string[]) =>
    execa('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: clone });
  await inClone('commit', '--quiet', '--all', '-m', 'broken');
  await inClone('push', '--quiet');
  return (await inClone('rev-parse', 'HEAD')).stdout;
}

describe('inheritune record and ledger on a data branch', () => {
  it('compares with the merge base, keeps both runs, and says when there is nothing new', async () => {
    const remote = join(folder, 'remote.git');
    const checkout = join(folder, 'checkout');
    const git = (...args: string[]) =>
      execa('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: checkout });
    await execa('git', ['init', '--quiet', '--bare', remote]);
    await execa('git', ['clone', '--quiet', remote, checkout]);
    await git('checkout', '--quiet', '-b', 'main');
    await git('commit', '--quiet', '--allow-empty', '-m', 'base');
    await git('push', '--quiet', 'origin', 'main');
    const store = ['--store', 'branch:inheritune-data'];
    const on = (name: string, more: string[]) =>
      cli(
        recordCommand,
        [join(folder, name), ...store, '--baseline-branch', 'origin/main', ...more],
        checkout,
      );
    const first = await on('one', []);
    expect(first.text).toContain('There is no baseline: the store holds no record of action.');
    await git('checkout', '--quiet', '-b', 'feature');
    await git('commit', '--quiet', '--allow-empty', '-m', 'change');
    // Records carry the second they were made in: within one, their order would be that of their paths.
    await sleep(1_100);
    const report = join(folder, 'report.md');
    const second = await on('two', ['--report', report]);
    expect(second.text).toMatch(/Cannot tell: the mean moved by/);
    const markdown = await readFile(report, 'utf8');
    expect(markdown).toMatch(/- Baseline: runs\/action\/[0-9a-f]{40}\/.*\.json: merge base [0-9a-f]{10}/);
    const files = await execa('git', [
      '--git-dir',
      remote,
      'ls-tree',
      '-r',
      '--name-only',
      'inheritune-data',
    ]);
    expect(files.stdout.split('\n')).toHaveLength(2);
    expect(await readdir(checkout)).toEqual(['.git']);

    // A record of the branch that cannot be read: nothing more is written.
    const base = (await git('rev-parse', 'origin/main')).stdout;
    const broken = files.stdout.split('\n').find((path) => path.includes(base))!;
    const tip = await breakRecord(remote, broken);
    await git('commit', '--quiet', '--allow-empty', '-m', 'another change');
    await expect(on('two', [])).rejects.toMatchObject({ code: 'baselineUnreadable', exitCode: 2 });
    const rev = await execa('git', ['--git-dir', remote, 'rev-parse', 'inheritune-data']);
    expect(rev.stdout).toBe(tip);
    await execa('git', ['--git-dir', remote, 'update-ref', 'refs/heads/inheritune-data', `${tip}^`]);
    await git('reset', '--quiet', '--hard', 'HEAD~1');

    const badge = join(folder, 'badge.json');
    const { text } = await cli(ledgerCommand, [recipeFile, ...store, '--badge', badge], checkout);
    expect(text).toContain('# Claim ledger: action');
    expect(JSON.parse(await readFile(badge, 'utf8'))).toMatchObject({
      schemaVersion: 1,
      label: 'paper claims',
    });
    const set = ['--set', 'train.seed=7'];
    const due = await cli(ledgerCommand, [recipeFile, ...store, ...set, '--due'], checkout);
    expect(due.text).toMatch(/^run=false\nreason=Nothing new since .*: 0 GPU-minutes\.$/);
    const changed = await cli(
      ledgerCommand,
      [recipeFile, ...store, '--set', 'train.seed=8', '--due'],
      checkout,
    );
    expect(changed.text).toMatch(/^run=true\nreason=Run: the recipe changed/);
  });
});
