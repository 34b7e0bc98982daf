import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../../test/support/cli.ts';
import { modelFixture } from '../../../test/support/model-fixtures.ts';
import { inRepository, repositoryRoot } from '../../../test/support/repository.ts';
import type { EvaluationResult, TaskResult } from '../../evaluate/result.ts';
import { silentProgress } from '../../progress.ts';
import { startDatasetServer } from '../../weights/hub-dataset.fixture.ts';
import { runCli } from '../cli.ts';
import type { CliWorld } from '../cli.ts';

const MODEL = modelFixture('small-run');
let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluate-'));
  out = join(folder, 'r.json');
});
afterEach(() => rm(folder, { recursive: true }));

function command(...more: string[]): string[] {
  return ['evaluate', '--model', MODEL, '--out', out, ...more];
}

async function result(): Promise<EvaluationResult> {
  return JSON.parse(await readFile(out, 'utf8')) as EvaluationResult;
}

function scored(task: TaskResult | undefined): TaskResult & { status: 'scored' } {
  if (task?.status !== 'scored') throw new Error(JSON.stringify(task));
  return task;
}

describe('inheritune evaluate', () => {
  it('prints the result without items as JSON, and writes it with them', async () => {
    const tasks = `wnli,${inRepository('test/fixtures/evaluate/own-quiz.yaml')}`;
    const {
      exitCode,
      out: printed,
      errors,
    } = await cli(command('--data', 'sample', '--tasks', tasks, '--limit', '0.05', '--json'));
    expect([exitCode, errors]).toEqual([0, '']);
    const json = JSON.parse(printed) as EvaluationResult;
    const written = await result();
    expect(Object.keys(json.tasks)).toEqual(['wnli', 'own_quiz']);
    expect(json).toMatchObject({ protocol: 'lm-eval-0.4.13', limit: 0.05, data: { kind: 'folder' } });
    expect('items' in json.tasks['wnli']!).toBe(false);
    // Five hundredths of 40 and of 6 rows, rounded up.
    expect(scored(written.tasks['wnli']).items).toHaveLength(2);
    expect(scored(written.tasks['own_quiz']).items).toHaveLength(1);
    expect(Object.keys(scored(written.tasks['wnli']).signals!)).toEqual([
      'margin',
      'margin_stderr',
      'bits_per_byte',
      'bits_per_byte_stderr',
    ]);
    expect(await readdir(folder)).toEqual(['r.json']);
  });

  it('shows both numbers where the protocols differ', async () => {
    const targets = { choices: ['It breaks', 'Bad luck', 'It shatters'], labels: [1, 0, 1] };
    const row = { question: 'What happens if you smash a mirror?', mc2_targets: targets };
    const data = join(folder, 'data');
    await mkdir(data);
    await writeFile(join(data, 'truthfulqa_mc.jsonl'), `${JSON.stringify(row)}\n`);
    const paper = ['--protocol', 'inheritune-2024', '--tasks', 'truthfulqa_mc2'];
    const { exitCode, out: table } = await cli(command('--data', data, ...paper));
    expect(exitCode).toBe(0);
    expect(table).toMatch(
      /truthfulqa_mc2 \| acc by inheritune-2024 .*\n.*truthfulqa_mc2 \| acc by lm-eval 0\.4\.13/,
    );
    const { protocol, protocolScores } = await result();
    expect(protocol).toBe('inheritune-2024');
    const { value, lmEval } = protocolScores!['truthfulqa_mc2']!;
    expect(lmEval!.value).toBeGreaterThan(value);
  });

  it('goes on where it was interrupted', async () => {
    const task = ['--data', 'sample', '--tasks', 'truthfulqa_mc1', '--limit', '6', '--quiet'];
    const abort = new AbortController();
    let rows = 0;
    const world: CliWorld = {
      ...{ cwd: repositoryRoot, env: process.env, home: homedir(), version: '0.0.0-test' },
      ...{
        print: () => undefined,
        printError: () => undefined,
        signal: abort.signal,
        progress: silentProgress,
      },
      silentProgress: {
        ...silentProgress,
        start: (label) => ({
          advance: () => {
            if (label.startsWith('scoring') && ++rows === 1) abort.abort(new Error('SIGINT'));
          },
          end: () => undefined,
        }),
      },
    };
    const argv = ['--device', 'cpu', ...command(...task)];
    expect(await runCli(argv, world)).toBe(75);
    expect(existsSync(out)).toBe(false);
    const kept = (await readFile(`${out}.partial.jsonl`, 'utf8')).split('\n').length - 2;
    expect(kept).toBeGreaterThan(0);

    expect(await runCli(argv, { ...world, signal: new AbortController().signal })).toBe(0);
    expect(await readdir(folder)).toEqual(['r.json']);
    const resumed = scored((await result()).tasks['truthfulqa_mc1']).items.map((item) => item.loglikelihoods);
    await cli(command(...task));
    const whole = scored((await result()).tasks['truthfulqa_mc1']).items.map((item) => item.loglikelihoods);
    expect(resumed.map((values) => values.length)).toEqual(whole.map((values) => values.length));
    for (const [index, values] of whole.entries())
      for (const [choice, value] of values.entries())
        expect(Math.abs(resumed[index]![choice]! - value)).toBeLessThan(1e-4);
  });

  it('names the item whose logits are not finite, and fails', async () => {
    const broken = join(folder, 'broken');
    await mkdir(broken);
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
      await copyFile(join(MODEL, name), join(broken, name));
    await writeFile(join(broken, 'model.safetensors'), await withNan('model.norm.weight'));
    const argv = [
      'evaluate',
      '--model',
      broken,
      '--out',
      out,
      '--data',
      'sample',
      '--tasks',
      'wnli',
      '--limit',
      '2',
    ];
    const { exitCode, out: table } = await cli(argv);
    expect(exitCode).toBe(1);
    expect(table).toMatch(/failed: wnli item 0 \([0-9a-f]{64}\): the log-likelihood of choice 0 is NaN/);
    expect((await result()).tasks['wnli']!.status).toBe('failed');
  });

  it('fetches the hub’s datasets without --data, and says at which commit', async () => {
    const hub = await startDatasetServer();
    try {
      const text = await readFile(inRepository('data/eval/winogrande.jsonl'), 'utf8');
      const rows = text
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line) as Record<string, string>);
      const column = (name: string) => ({
        name,
        data: rows.map((row) => row[name]!),
        type: 'STRING' as const,
      });
      const columnData = ['sentence', 'option1', 'option2', 'answer'].map(column);
      hub.files.set(
        'allenai/winogrande/winogrande_xl/validation-00000-of-00001.parquet',
        Buffer.from(parquetWriteBuffer({ columnData })),
      );
      const env = { ...process.env, HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(folder, 'hub') };
      const exitCode = await runCli(['--device', 'cpu', ...command('--tasks', 'winogrande')], {
        ...{ cwd: folder, env, home: homedir(), progress: silentProgress, silentProgress, version: '0' },
        ...{ print: () => undefined, printError: () => undefined, signal: new AbortController().signal },
      });
      expect(exitCode).toBe(0);
      const { data, tasks } = await result();
      const commit = '01e74176c63542e6b0bcb004dcdea22d94fb67b5';
      expect(data).toEqual({ kind: 'hub', datasets: { 'allenai/winogrande': commit } });
      await cli(command('--tasks', 'winogrande', '--data', 'sample', '--limit', '2'));
      expect(scored((await result()).tasks['winogrande']).itemSetHash).toBe(
        scored(tasks['winogrande']).itemSetHash,
      );
    } finally {
      hub.close();
    }
  });

  it('never takes other data for the hub’s: without --data and without a network it fails', async () => {
    const env = { ...process.env, HF_HUB_OFFLINE: '1', HF_HUB_CACHE: join(folder, 'hub') };
    const errors: string[] = [];
    const exitCode = await runCli(command('--tasks', 'wnli'), {
      ...{ cwd: folder, env, home: homedir(), progress: silentProgress, silentProgress, version: '0' },
      ...{ print: () => undefined, printError: (text) => errors.push(text) },
      signal: new AbortController().signal,
    });
    expect(exitCode).toBe(1);
    expect(errors.join()).toMatch(/nyu-mll\/glue@.* offline mode is on.*--data FOLDER/);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [['--tasks', 'wnli', '--limit', '0'], 'The limit 0 is not above 0'],
    [['--tasks', 'nowhere.yaml'], 'nowhere.yaml cannot be read'],
    [['--tasks', 'wnli', '--protocol', 'inheritune-2024', '--add-bos', 'true'], 'contexts have no BOS token'],
    [['--tasks', 'wnli', '--protocol', 'paper'], 'Allowed choices are lm-eval-0.4.13, inheritune-2024'],
    [['--tasks', 'wnli', '--max-memory', '8 gigs'], '--max-memory is "8 gigs". Give a number of bytes'],
    [['--tasks', 'wnli', '--max-memory', '1MB'], 'are needed for the model with its longest prompt'],
    [['--tasks', 'piqa', '--num-fewshot', '2'], 'piqa: the 2 few-shot examples have no source'],
  ])('refuses %j', async (options, message) => {
    const { exitCode, errors } = await cli(command('--data', 'sample', ...options));
    expect(exitCode).toBe(2);
    expect(errors).toContain(message);
    expect(await readdir(folder)).toEqual([]);
  });
});

/** The model's file with a NaN as the first value of a float32 tensor. */
async function withNan(tensor: string): Promise<Buffer> {
  const bytes = await readFile(join(MODEL, 'model.safetensors'));
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  bytes.writeFloatLE(Number.NaN, 8 + length + header[tensor]!.data_offsets[0]);
  return bytes;
}
