import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { node24 } from '../support/node24.ts';

/** The repository: `dist/` is taken from it, and it is the job's workspace. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A job on a pretended runner: the files and variables that a real one gives to a step. */
export interface Job {
  readonly folder: string;
  /** Absolute, so that runs leave nothing in the workspace. */
  readonly out: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface JobOptions {
  readonly apiUrl: string;
  readonly eventName: string;
  /** A file of `events/`, or the absolute path of another. */
  readonly event: string;
  readonly runId: number;
  readonly runnerEnvironment: 'github-hosted' | 'self-hosted';
  /** By input name, as in `action.yml`; the runner's defaults are taken for the rest. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The checkout; by default this repository. */
  readonly workspace?: string;
}

export interface StepResult {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface RunningStep {
  readonly process: ChildProcess;
  /** Resolves once the log matches; rejects when the step ends before. */
  seen(text: RegExp): Promise<void>;
  readonly ended: Promise<StepResult>;
}

/** Node 24, which runs the action on a runner. */
const actionNode = await node24();

export function createJob(options: JobOptions): Job {
  const folder = mkdtempSync(join(tmpdir(), 'inheritune-job-'));
  const out = join(folder, 'out');
  for (const name of ['output', 'state', 'summary', 'env', 'path']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'temp'));
  const inputs = {
    out,
    device: 'cpu',
    comment: 'auto',
    'allow-forks': 'false',
    'timeout-minutes': '0',
    ...options.inputs,
  };
  const env = {
    ...outerEnvironment(),
    NO_PROXY: '127.0.0.1',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: options.apiUrl,
    GITHUB_GRAPHQL_URL: `${options.apiUrl}/graphql`,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'octo/models',
    GITHUB_EVENT_NAME: options.eventName,
    GITHUB_EVENT_PATH: isAbsolute(options.event)
      ? options.event
      : fileURLToPath(new URL(`events/${options.event}.json`, import.meta.url)),
    GITHUB_SHA: 'e5bd3914e2e596debea16f433f57875b5b90bcd6',
    GITHUB_RUN_ID: String(options.runId),
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_WORKFLOW: 'Models',
    GITHUB_JOB: 'quickstart',
    GITHUB_WORKSPACE: options.workspace ?? ROOT,
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STATE: join(folder, 'state'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_ENV: join(folder, 'env'),
    GITHUB_PATH: join(folder, 'path'),
    RUNNER_TEMP: join(folder, 'temp'),
    RUNNER_OS: 'Linux',
    RUNNER_NAME: `test-${folder.split('-').at(-1) ?? ''}`,
    RUNNER_ENVIRONMENT: options.runnerEnvironment,
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
  };
  return { folder, out, env };
}

export function removeJob(job: Job): void {
  rmSync(job.folder, { recursive: true, force: true });
}

/** Starts one of the action's bundles as the runner does. For `post`, `state` is what `main` saved. */
export function startStep(
  job: Job,
  bundle: 'pre' | 'main' | 'post',
  state: Readonly<Record<string, string>> = {},
  bundles = join(ROOT, 'dist/action'),
): RunningStep {
  const stateVariables = Object.fromEntries(
    Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]),
  );
  const child = spawn(actionNode, [join(bundles, `${bundle}.js`)], {
    cwd: ROOT,
    env: { ...job.env, ...stateVariables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      listeners.forEach((listener) => {
        listener();
      });
    });
  }
  const ended = new Promise<StepResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      resolve({
        exitCode: exitCode ?? undefined,
        signal: signal ?? undefined,
        log,
        outputs: readCommandFile(job.env['GITHUB_OUTPUT']!),
        state: readCommandFile(job.env['GITHUB_STATE']!),
        summary: readIfFile(job.env['GITHUB_STEP_SUMMARY']!),
      });
    });
  });
  const seen = (text: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!text.test(log)) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      check();
      void ended.then(() => {
        reject(new Error(`The step ended before its log had ${String(text)}:\n${log}`));
      });
    });
  return { process: child, seen, ended };
}

/** The file format of GITHUB_OUTPUT and GITHUB_STATE: `name<<delimiter`, lines, `delimiter`; the last one counts. */
export function readCommandFile(path: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = readFileSync(path, 'utf8').split('\n');
  while (lines.length > 0) {
    const head = /^(.+?)<<(.+)$/.exec(lines.shift()!);
    if (!head) continue;
    const [, name, delimiter] = head;
    const end = lines.indexOf(delimiter!);
    values[name!] = lines
      .splice(0, end + 1)
      .slice(0, -1)
      .join('\n');
  }
  return values;
}

/** Empty for what is not a file, as some tests make it. */
function readIfFile(path: string): string {
  return statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
}

/** This process's variables without those of the runner that may be running the tests. */
function outerEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(GITHUB|RUNNER|ACTIONS|INPUT|STATE|VITEST)_/.test(entry[0]),
    ),
  );
}
