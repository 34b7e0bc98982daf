// Stands in for the command line: takes the action's arguments and ends as ACT_AS says.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setInterval } from 'node:timers';

const options = process.argv.slice(2);
const out = options[options.indexOf('--out') + 1];
const scored = { status: 'scored', docs: 4, metrics: { acc: 0.5, acc_stderr: 0.25 } };
const leave = (tasks) => {
  for (const [name, text] of [
    ['report.md', '## What the run wrote\n'],
    ['results.json', JSON.stringify({ models: { trained: { tasks } } })],
    ['config.json', '{}'],
  ]) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), text);
  }
};

console.error(`acting as ${process.env.ACT_AS}`);
switch (process.env.ACT_AS) {
  case 'good':
    leave({ piqa: scored });
    break;
  case 'killed':
    process.kill(process.pid, 'SIGKILL');
    setInterval(() => undefined, 1000);
    break;
  case 'hung':
    setInterval(() => undefined, 1000);
    break;
  case 'outOfMemory':
    console.error('2026-01-01 W tensorflow: OOM when allocating tensor with shape[8,2048,49152]');
    process.exitCode = 1;
    break;
  case 'notANumber':
    console.error('Step 12 gave a loss of NaN and a gradient norm of NaN; training stopped.');
    process.exitCode = 1;
    break;
  case 'empty':
    leave({});
    break;
  case 'partlyMissing':
    leave({ piqa: scored, wnli: { status: 'failed', reason: 'wnli.jsonl line 3 has no label' } });
    break;
  case 'interrupted':
    process.exitCode = 75;
    break;
  case 'crashed':
    process.kill(process.pid, 'SIGSEGV');
    setInterval(() => undefined, 1000);
    break;
}
