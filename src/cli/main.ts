import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { silentProgress } from '../progress.ts';
import { runCli } from './cli.ts';
import { createProgress } from './progress/create-progress.ts';
import { version } from './version.ts';

// The command-line rim: the only file here that reads the process, prints, and exits.
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Work stops at its next safe point; whoever cannot wait says so a second time.
    if (abort.signal.aborted) process.exit(130);
    abort.abort(new Error(signal));
  });
}
const stderr = process.stderr;
const progress = createProgress({
  stream: stderr,
  isTty: stderr.isTTY === true,
  now: () => performance.now(),
});
const exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  home: homedir(),
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => {
    progress.close();
    stderr.write(`${text}\n`);
  },
  progress,
  silentProgress,
  signal: abort.signal,
  version: version(fileURLToPath(import.meta.url)),
});
progress.close();
// TensorFlow's threads would keep the process; output may still be on its way into a pipe.
process.stdout.write('', () => process.exit(exitCode));
