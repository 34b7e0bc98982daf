import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { silentProgress } from '../progress.ts';
import { runCli } from './cli.ts';
import { createProgress } from './progress/create-progress.ts';
import { version } from './version.ts';

// The command-line rim: the only file here that reads the process, prints, and exits.
const abort = new AbortController();
const stderr = process.stderr;
// Work stops at its next safe point. A runner cancels with SIGINT and, 7.5 s later, SIGTERM: the second one must not
// cost the checkpoint that the first one began. Only a person who insists on Ctrl-C gets out without it.
let interrupts = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    abort.abort(new Error(signal));
    if (signal === 'SIGINT') interrupts++;
    if (interrupts === 2) stderr.write('Stopping at the next safe point; Ctrl-C once more stops at once.\n');
    if (interrupts > 2) process.exit(130);
  });
}
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
  columns: process.stdout.columns,
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
