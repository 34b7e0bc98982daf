import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { programFolder } from './fixtures/folders.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = join(ROOT, 'node_modules/tsx/dist/loader.mjs');

/** Stands in for the command line: says how it was called, and ends as it is told. */
const MAIN = `
const [command, ...args]: string[] = process.argv.slice(2);
if (command === 'wait') {
  process.on('SIGTERM', () => process.exit(75));
  setInterval(() => undefined, 1000);
}
console.log(JSON.stringify({ command, args, cwd: process.cwd() }));
if (command === 'exit') process.exit(Number(args[0]));
`;

/** A checkout of its own, with one package to install: a loader that hands over to the real one. */
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'inheritune-checkout-')));
  for (const folder of ['scripts', 'src/cli', 'tsx', 'elsewhere'])
    mkdirSync(join(root, folder), { recursive: true });
  cpSync(join(ROOT, 'scripts/bootstrap.mjs'), join(root, 'scripts/bootstrap.mjs'));
  writeFileSync(join(root, 'src/cli/main.ts'), MAIN);
  writeFileSync(join(root, 'tsconfig.json'), '{}');
  writeFileSync(join(root, 'tsx/index.mjs'), `import ${JSON.stringify(TSX)};\n`);
  writeJson('tsx/package.json', {
    name: 'tsx',
    version: '1.0.0',
    exports: './index.mjs',
    bin: { tool: 'tool.js' },
  });
  writeFileSync(join(root, 'tsx/tool.js'), 'console.log("tool", ...process.argv.slice(2), process.cwd());');
  writeJson('package.json', { name: 'checkout', type: 'module', dependencies: { tsx: 'file:tsx' } });
  writeLock('1.0.0');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

test('the first start installs, says so in one line, and keeps standard output for the command', () => {
  const first = bootstrap(['run', 'recipe.yml']);
  expect(first.stderr).toMatch(/^Installing npm packages \(first use; .*\n/);
  expect(JSON.parse(first.stdout)).toMatchObject({ command: 'run', args: ['recipe.yml'] });
  const second = bootstrap(['run', 'recipe.yml']);
  expect(second).toMatchObject({ status: 0, stdout: first.stdout, stderr: '' });
});

test('another lock file is installed anew', () => {
  bootstrap([]);
  writeLock('1.0.1');
  expect(bootstrap([]).stderr).toMatch(/^Installing npm packages \(package-lock\.json has changed/);
  expect(bootstrap([]).stderr).toBe('');
});

test('what npm has installed already is not installed again', () => {
  spawnSync('npm', ['ci', '--loglevel=error'], { cwd: root });
  expect(bootstrap(['plan'])).toMatchObject({ status: 0, stderr: '' });
});

test('npm that fails ends it with a sentence', () => {
  const PATH = programFolder({ npm: 'echo "npm error network"; exit 1' });
  const { status, stdout, stderr } = bootstrap([], { PATH });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/npm error network\nnpm could not install the packages .*Check the network/);
});

test('the command runs in the folder it was typed in', () => {
  const cwd = join(root, 'elsewhere');
  expect(JSON.parse(bootstrap([], { INIT_CWD: cwd }).stdout)).toMatchObject({ cwd });
  expect(JSON.parse(bootstrap([], {}, cwd).stdout)).toMatchObject({ cwd });
});

test('the recipe of npm start belongs to the repository', () => {
  const env = { INIT_CWD: join(root, 'elsewhere'), npm_lifecycle_event: 'start' };
  expect(JSON.parse(bootstrap([], env).stdout)).toMatchObject({ cwd: root });
});

test('the command’s exit code is returned', () => {
  expect(bootstrap(['exit', '3']).status).toBe(3);
});

test('a signal reaches the command, whose answer is returned', async () => {
  bootstrap([]);
  const child = spawn(process.execPath, [join(root, 'scripts/bootstrap.mjs'), 'wait'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(75);
});

test('--then sets up first, quietly, and then runs the tool in the root', () => {
  bootstrap([]);
  const { stdout, stderr, status } = bootstrap(['--then', 'tool', 'run', '--x'], {}, join(root, 'elsewhere'));
  expect({ stdout, status }).toEqual({ stdout: `tool run --x ${root}\n`, status: 0 });
  expect(JSON.parse(stderr)).toMatchObject({ command: 'setup', args: ['--quiet', '--with-model'] });
});

test('--then stops when the set-up fails', () => {
  writeFileSync(join(root, 'src/cli/main.ts'), 'process.exit(4);');
  expect(bootstrap(['--then', 'tool'])).toMatchObject({ status: 4, stdout: '' });
});

test('an old Node is told what to do', () => {
  const pretend =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.4" } });';
  const result = bootstrap([], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretend)}`,
  });
  expect(result).toMatchObject({
    status: 2,
    stderr: 'Node 18.20.4 is too old for inheritune. Install Node 20.19 or newer.\n',
  });
});

test('package.json starts it for every script that needs it', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts).toMatchObject({
    start: 'node scripts/bootstrap.mjs run recipes/quickstart.yml',
    inheritune: 'node scripts/bootstrap.mjs',
    test: 'node scripts/bootstrap.mjs --then vitest run',
  });
});

function bootstrap(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = root,
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/bootstrap.mjs'), ...args],
    {
      cwd,
      encoding: 'utf8',
      // Not what the npm that runs these tests has set.
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        npm_config_update_notifier: 'false',
        ...env,
      },
    },
  );
  return { status, stdout, stderr };
}

function writeLock(version: string): void {
  const tsx = JSON.parse(readFileSync(join(root, 'tsx/package.json'), 'utf8')) as Record<string, unknown>;
  writeJson('tsx/package.json', { ...tsx, version });
  writeJson('package-lock.json', {
    name: 'checkout',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'checkout', dependencies: { tsx: 'file:tsx' } },
      'node_modules/tsx': { resolved: 'tsx', link: true },
      tsx: { version, bin: { tool: 'tool.js' } },
    },
  });
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(join(root, path), JSON.stringify(value));
}
