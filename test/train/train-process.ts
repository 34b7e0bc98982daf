import { spawn } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { inRepository, repositoryRoot } from '../support/repository.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A recipe that trains a tiny real model on the fixture tokens in seconds. */
export function smallRecipe(train: object, model = 'llama-tied'): object {
  return {
    device: 'cpu',
    reference: { model: inRepository(`test/fixtures/models/${model}`) },
    inherit: { layers: 2 },
    data: {
      tokens: inRepository('test/fixtures/models/tokens.bin'),
      validation: inRepository('test/fixtures/models/tokens.bin'),
    },
    train: {
      ...{ sequenceLength: 32, microBatch: 2, accumulate: 2, precision: 'float32' },
      optimizer: { learningRate: 3e-3, warmupSteps: 4 },
      ...train,
    },
  };
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'inheritune-train-'));
}

export async function writeRecipe(folder: string, recipe: object): Promise<string> {
  const file = join(folder, 'recipe.yml');
  await writeFile(file, stringify(recipe));
  return file;
}

/** The command line as a process of its own; `onText` sees what it says as it says it and may send it signals. */
export function runCli(
  args: readonly string[],
  onText: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
  wrapper: readonly string[] = [],
): Promise<Ended> {
  const node = [process.execPath, '--import', 'tsx', inRepository('src/cli/main.ts')];
  const [command, ...rest] = [...wrapper, ...node, ...args];
  const child = spawn(command!, rest, { cwd: repositoryRoot, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr += text;
    onText(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stderr });
    });
  });
}

/** Every number of a run that is not a time, at full precision. */
export async function numbersOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'train.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { tokensPerSecond, ...numbers } = JSON.parse(line) as Record<string, number>;
      return tokensPerSecond === undefined ? 'no rate' : JSON.stringify(numbers);
    });
}
