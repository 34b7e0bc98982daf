import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classifyExit } from './child-outcome.ts';
import type { Preflight, PreflightContext } from './preflight.ts';
import { preflight } from './preflight.ts';
import type { RecipeFacts } from './recipe-facts.ts';

// A stand-in for the command line tells of the machine, and one for nvidia-smi of its GPUs; disk and memory are this machine's own.

const GOOD = { name: 'engine', state: 'ok', found: 'TensorFlow 2.21.0' };
const PLAN = { parameters: 1000, steps: 50, devices: [{ memory: { neededBytes: 1e6 } }] };
const GIB = 2 ** 30;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inheritune-preflight-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('a machine that fits is ready, with the steps of the plan', async () => {
  expect(await run({})).toEqual({ state: 'ready', warnings: [], totalSteps: 50 });
  expect(asked()).toEqual([
    ['doctor', '--json', '--device', 'cpu'],
    ['plan', 'recipe.yml', '--json', '--set', 'train.seed=2'],
  ]);
});

it('only its folders and no token are passed on', async () => {
  await run({}, { settings: { cacheDir: '/cache', nativeDir: '/native' } });
  expect(asked()[0]).toEqual([
    ...['doctor', '--json', '--device', 'cpu', '--cache-dir', '/cache', '--native-dir', '/native'],
  ]);
});

describe('device and driver', () => {
  it('without a GPU where cuda is asked for: the wrong machine', async () => {
    expect(await run({}, { recipe: { device: 'cuda' } })).toEqual(
      wrong('gpu: device is cuda and nvidia-smi lists no GPU'),
    );
  });

  const old = { name: 'gpu', state: 'fail', found: 'driver 470.1', advice: 'Install 525 or newer.' };
  it('an old driver: the wrong machine, with what to do', async () => {
    gpu('NVIDIA RTX A6000, 49140, 470.1');
    expect(await run({ doctor: [doctor(GOOD, old)] }, { recipe: { device: 'cuda' } })).toEqual(
      wrong('gpu: driver 470.1 (Install 525 or newer.)'),
    );
  });

  it('an old driver is no obstacle to a run on the CPU', async () => {
    expect(await run({ doctor: [doctor(GOOD, old)] })).toMatchObject({ state: 'ready', warnings: [] });
  });
});

describe('disk and memory against the plan', () => {
  it('too little disk: the wrong machine', async () => {
    expect(await run({ plan: [{ print: { ...PLAN, parameters: 1e15 } }] })).toEqual(
      wrong(/^disk: model and checkpoints need 52000000\.0 GB and [\d.]+ GB are free$/),
    );
  });

  it('a GPU that is too small: the wrong machine', async () => {
    gpu('NVIDIA GeForce RTX 3050, 8192, 550.0');
    const plan = [{ print: { ...PLAN, devices: [{ memory: { neededBytes: 30 * GIB } }] } }];
    expect(await run({ plan }, { recipe: { device: 'cuda' } })).toEqual(
      wrong('gpu memory: the plan needs 32.2 GB and the largest GPU has 8.6 GB'),
    );
  });

  it('a GPU that is large enough', async () => {
    gpu('NVIDIA RTX A6000, 49140, 550.0');
    const plan = [{ print: { ...PLAN, devices: [{ memory: { neededBytes: 30 * GIB } }] } }];
    expect((await run({ plan }, { recipe: { device: 'cuda' } })).state).toBe('ready');
  });

  it('too little main memory is a warning, as systems can swap', async () => {
    const plan = [{ print: { ...PLAN, devices: [{ memory: { neededBytes: 2 ** 50 } }] } }];
    expect(await run({ plan })).toMatchObject({
      state: 'ready',
      warnings: [expect.stringMatching(/^memory: the plan needs 1125899\.9 GB and [\d.]+ GB are free$/)],
    });
  });

  it('is not planned for an evaluation', async () => {
    expect(await run({}, { settings: { stages: 'evaluate' } })).toMatchObject({ totalSteps: 10 });
    expect(asked()).toEqual([['doctor', '--json', '--device', 'cpu']]);
  });
});

describe("the engine's computation", () => {
  it('with another result than the stored one: the wrong machine', async () => {
    const broken = {
      name: 'engine',
      state: 'fail',
      found: 'MatMul gave 0.5 for 0.25',
      advice: 'Set it up again.',
    };
    expect(await run({ doctor: [{ ...doctor(broken), exitCode: 1 }] })).toEqual(
      wrong('engine: MatMul gave 0.5 for 0.25 (Set it up again.)'),
    );
  });

  it('is that of the device that the run uses', async () => {
    gpu('NVIDIA RTX A6000, 49140, 550.0');
    for (const device of ['auto', 'cuda'] as const) await run({}, { recipe: { device } });
    expect(asked().filter(([command]) => command === 'doctor')).toEqual([
      ['doctor', '--json'],
      ['doctor', '--json'],
    ]);
  });

  const absent = { name: 'engine', state: 'warn', found: 'not set up' };
  it('is set up where it is not there yet, and looked at again', async () => {
    expect((await run({ doctor: [doctor(absent), doctor(GOOD)] })).state).toBe('ready');
    expect(asked().map(([command]) => command)).toEqual(['doctor', 'setup', 'doctor', 'plan']);
    expect(asked()[1]).toEqual(['setup', '--variant', 'cpu']);
  });

  it('is not set up for a GPU that is not there', async () => {
    const checked = await run({ doctor: [doctor(absent)] }, { recipe: { device: 'cuda' } });
    expect(checked).toEqual(wrong('gpu: device is cuda and nvidia-smi lists no GPU'));
    expect(asked().map(([command]) => command)).toEqual(['doctor', 'plan']);
  });

  it('that cannot be set up is a failure with its reason', async () => {
    const setup = [{ say: 'pip cannot reach the index. Give --native-dir.', exitCode: 1 }];
    expect(outcomeOf(await run({ doctor: [doctor(absent)], setup }))).toEqual({
      ...{ kind: 'failed', exitCode: 1, message: 'pip cannot reach the index. Give --native-dir.' },
    });
  });

  it('is not set up beside a folder that was given', async () => {
    const checked = await run({ doctor: [doctor(absent)] }, { settings: { nativeDir: '/native' } });
    expect(checked).toMatchObject({ state: 'ready', warnings: ['engine: not set up'] });
    expect(asked().map(([command]) => command)).toEqual(['doctor', 'plan']);
  });
});

describe('a command of the preflight that ends badly', () => {
  it.each([
    ['wrong input', { say: 'models/x does not exist. Check the path.', exitCode: 2 }, 'badInput'],
    ['a kill', { signal: 'SIGKILL' }, 'killed'],
    ['a crash', { signal: 'SIGSEGV' }, 'crashed'],
    ['an answer that is not one', { print: 'hello' }, 'failed'],
    ['an answer without a field', { print: { steps: 3 } }, 'failed'],
  ])('%s has its own outcome', async (_, answer, kind) => {
    expect(outcomeOf(await run({ plan: [answer] }))).toMatchObject({ kind });
  });
});

function doctor(...checks: object[]): { print: object } {
  const states = checks.map((check) => ('state' in check ? check.state : 'ok'));
  return {
    print: { state: states.includes('fail') ? 'fail' : states.includes('warn') ? 'warn' : 'ok', checks },
  };
}

function wrong(reason: string | RegExp): unknown {
  const text: unknown = typeof reason === 'string' ? reason : expect.stringMatching(reason);
  return { state: 'wrongMachine', reasons: [text] };
}

function outcomeOf(checked: Preflight): unknown {
  return checked.state === 'failed' ? classifyExit(checked.exit) : checked;
}

/** A machine whose nvidia-smi lists one GPU: name, MiB, driver. */
function gpu(line: string): void {
  const file = join(folder, 'bin/nvidia-smi');
  writeFileSync(file, `#!/bin/sh\necho '${line}'\n`);
  chmodSync(file, 0o755);
}

function asked(): string[][] {
  const lines = readFileSync(join(folder, 'machine.json.asked'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as string[]);
}

function run(
  answers: Readonly<Record<string, readonly object[]>>,
  changes: {
    readonly settings?: Partial<PreflightContext['settings']>;
    readonly recipe?: Partial<RecipeFacts>;
  } = {},
): Promise<Preflight> {
  const file = join(folder, 'machine.json');
  writeFileSync(file, JSON.stringify({ doctor: [doctor(GOOD)], plan: [{ print: PLAN }], ...answers }));
  return preflight({
    settings: {
      recipe: 'recipe.yml',
      stages: 'all',
      cacheDir: undefined,
      nativeDir: undefined,
      ...changes.settings,
    },
    recipe: {
      ...{
        name: 'r',
        recordName: 'r',
        hash: '',
        device: 'cpu',
        grows: false,
        trains: true,
        steps: 10,
        keepCheckpoints: 2,
        keepsBest: true,
      },
      ...{ reference: 'org/model', evaluate: undefined, ...changes.recipe },
    },
    overrides: ['train.seed=2'],
    workspace: folder,
    outFolder: join(folder, 'not/there/yet'),
    cliPath: fileURLToPath(new URL('../../test/github/programs/machine.mjs', import.meta.url)),
    // Only what this folder holds: the machine's own nvidia-smi is none of this.
    env: { PATH: join(folder, 'bin'), MACHINE: file },
    onStderr: () => undefined,
  });
}
