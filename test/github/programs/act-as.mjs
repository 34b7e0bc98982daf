// Stands in for the command line: takes the action's arguments and ends as ACT_AS says. `evaluate` gives the tasks it is asked for
// out of EVALUATION, a file; `record` gives the file RECORD, and fails without one.
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setInterval, setTimeout } from 'node:timers';

const [command, ...options] = process.argv.slice(2);
const out = options[options.indexOf('--out') + 1];
if (command === 'record') {
  if (process.env.RECORD === undefined) {
    console.error('There is no record here.');
    process.exit(1);
  }
  copyFileSync(process.env.RECORD, out);
  process.exit(0);
}
if (command === 'evaluate') {
  const wanted = options[options.indexOf('--tasks') + 1].split(',');
  const result = JSON.parse(readFileSync(process.env.EVALUATION, 'utf8'));
  const tasks = Object.entries(result.tasks).filter(([name]) => wanted.includes(name));
  writeFileSync(out, JSON.stringify({ ...result, tasks: Object.fromEntries(tasks) }));
  process.exit(0);
}
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

if (process.env.ACT_AS === 'slowCheckpoint') {
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => console.error(`stopping on ${signal}`));
  process.once('SIGINT', () => {
    setTimeout(() => {
      console.error('checkpoint written');
      process.exit(75);
    }, 9000);
  });
}
// Whoever waits for this line may signal at once.
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
    // The command line's own words, as src/action/child-outcome.test.ts has them from the training itself.
    console.error(
      'The device ran out of memory: weights, gradients and moments take 29.1 GB and a micro-batch of 4 x 2048 tokens up to 20.2 GB. The checkpoint after step 40 is whole. Set train.microBatch to 2 and train.accumulate to 4 (the same batch in smaller pieces). `inheritune plan` shows what fits which device.',
    );
    process.exitCode = 1;
    break;
  case 'tellsSecret':
    console.error(`401 for ${process.env.HF_TOKEN}: is ${process.env.HF_TOKEN} a member of org/gated?`);
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
  case 'training': {
    mkdirSync(out, { recursive: true });
    let step = 0;
    setInterval(() => {
      step += 1;
      const line = { step, loss: 4.321, tokens: step * 512, tokensPerSecond: 512 };
      appendFileSync(join(out, 'train.jsonl'), `${JSON.stringify(line)}\n`);
    }, 1000);
    break;
  }
  case 'slowCheckpoint':
    setInterval(() => undefined, 1000);
    break;
  case 'crashed':
    process.kill(process.pid, 'SIGSEGV');
    setInterval(() => undefined, 1000);
    break;
}
