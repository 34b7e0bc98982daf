// Runs the command line from a checkout: installs what is missing, then hands over.
//
//   node scripts/bootstrap.mjs ARGS…              the command `inheritune ARGS…`, in the folder it was typed in
//   node scripts/bootstrap.mjs --then TOOL ARGS…  sets up the engine and the example model, then a tool of ours
//
// Plain JavaScript without dependencies, because there may be no node_modules yet. Standard output stays the
// command's own: everything said or printed while setting up goes to standard error.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = join(ROOT, 'node_modules', '.inheritune-lock-hash');

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) return fail(problem, 2);
  if (!(await installPackages())) {
    return fail(
      'npm could not install the packages (its messages are above). Check the network and `npm config get registry`, then try again.',
      1,
    );
  }
  if (args[0] !== '--then') return runCommand(args, { cwd: startFolder(), stdio: 'inherit' });
  const [tool, ...toolArgs] = args.slice(1);
  const bin = join(ROOT, 'node_modules', '.bin', tool ?? '');
  if (tool === undefined || !existsSync(bin))
    return fail(`There is no tool ${tool ?? ''} in node_modules. Use --then TOOL ARGS…`, 2);
  const setUp = await runCommand(['setup', '--quiet', '--with-model'], {
    cwd: ROOT,
    stdio: ['inherit', 2, 2],
  });
  if (setUp !== 0) return setUp;
  return run(process.execPath, [realpathSync(bin), ...toolArgs], { cwd: ROOT, stdio: 'inherit' });
}

function nodeProblem(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return undefined;
  return `Node ${version} is too old for inheritune. Install Node 20.19 or newer.`;
}

/** `npm start` names a recipe of the repository; every other path is relative to where the command was typed. */
function startFolder() {
  if (process.env.npm_lifecycle_event === 'start') return ROOT;
  return process.env.INIT_CWD ?? process.cwd();
}

function runCommand(args, options) {
  // As a path: Node would look for the name `tsx` from the folder the command was typed in.
  const tsx = pathToFileURL(createRequire(join(ROOT, 'package.json')).resolve('tsx')).href;
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') };
  return run(process.execPath, ['--import', tsx, join(ROOT, 'src', 'cli', 'main.ts'), ...args], {
    ...options,
    env,
  });
}

/** Runs `npm ci` when node_modules is missing or of another lock file. Says so in one line; else is silent. */
async function installPackages() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return true;
  if (!isInstalled(JSON.parse(lock))) {
    const why = existsSync(join(ROOT, 'node_modules')) ? 'package-lock.json has changed' : 'first use';
    console.error(`Installing npm packages (${why}; takes about a minute) …`);
    // Development packages are needed to run from source, whatever NODE_ENV says.
    const args = ['ci', '--include=dev', '--loglevel=error', '--no-progress'];
    const [npm, first] = process.env.npm_execpath?.endsWith('.js')
      ? [process.execPath, [process.env.npm_execpath]]
      : ['npm', []];
    if ((await run(npm, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 2, 2] })) !== 0) return false;
  }
  writeFileSync(STAMP, hash);
  return true;
}

/** Whether npm itself already installed this lock file; it leaves a copy of what it installed. */
function isInstalled(lock) {
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(ROOT, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  return Object.entries(lock.packages).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

/** Runs a program to its end and returns its exit code. Signals are passed on; dying of one is passed back. */
function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, options);
    // A terminal sends Ctrl-C to the child as well: passing it on would make it two.
    const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
      const handler = () => (signal === 'SIGINT' && terminal ? undefined : child.kill(signal));
      process.on(signal, handler);
      return () => process.off(signal, handler);
    });
    const end = (code) => {
      for (const remove of handlers) remove();
      resolve(code);
    };
    child.on('error', (error) =>
      end(
        fail(
          `${command} could not be started (${error.code ?? error.message}). Check that it is installed and in PATH.`,
          1,
        ),
      ),
    );
    child.on('exit', (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function fail(sentence, code) {
  console.error(sentence);
  return code;
}
