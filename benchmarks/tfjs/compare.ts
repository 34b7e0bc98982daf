/**
 * A training step of ours beside eager tfjs-node with `tf.train.adam`, and beside @genai-fi/nanogpt, in turn; writes
 * benchmarks/results/tfjs.md. usage: compare.ts [--pairs N] [--only eager|nanogpt]
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { markdownTable } from 'markdown-table';
import { inRepository } from '../../test/support/repository.ts';
import { makeMaterial } from '../speed/material.ts';
import { startPeer, stepsInTurn } from '../speed/peer.ts';
import type { MeasuredStep, Peer } from '../speed/peer.ts';
import { SHAPES } from '../speed/shapes.ts';
import type { BenchShape } from '../speed/shapes.ts';
import { median } from '../support/median.ts';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '5' }, only: { type: 'string' } },
});
const pairs = Number(values.pairs);
const threads = availableParallelism();

/** Of a size that a step in JavaScript takes seconds for. */
const NANO: BenchShape & { readonly layers: number; readonly width: number; readonly heads: number } = {
  ...{ name: 'GPT-2 4 × 128, vocabulary 200', batch: 1, length: 64, layers: 4, width: 128, heads: 4 },
  config: {
    ...{ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_layer: 4, n_embd: 128, n_head: 4 },
    ...{ vocab_size: 200, n_positions: 64, activation_function: 'gelu_new' },
  },
};

const rows: string[][] = [];
if (values.only !== 'nanogpt') {
  for (const shape of SHAPES.slice(0, 2)) {
    rows.push(await beside(shape, 'eager tfjs-node, tf.train.adam', eagerCommand('0')));
    rows.push(await beside(shape, 'the same with our oneDNN setting', eagerCommand('1')));
  }
}
if (values.only !== 'eager') {
  await installNanogpt();
  rows.push(await beside(NANO, '@genai-fi/nanogpt 1.3.0', nanogptCommand));
}
const table = markdownTable(
  [
    ['shape', 'beside', 'tokens/s, ours / theirs', 'peak memory, ours / theirs', 'first loss, difference'],
    ...rows,
  ],
  { align: ['l', 'l', 'r', 'r', 'r'] },
);
console.log(table);
if (values.only === undefined) {
  const text = `# Training step beside other tfjs programs

Medians of ${pairs} interleaved pairs on ${cpus()[0]?.model ?? 'a CPU'} with ${threads} threads; above 1 in tokens/s is faster, below 1 in memory is leaner.

${table}

- **Eager tfjs-node** is the same model in plain tfjs (\`benchmarks/tfjs/eager-model.ts\`) on the same TensorFlow library, weights and
  batches: \`tf.variableGrads\` and \`tf.train.adam\`. Ours also decays weights and clips the gradient. The first row of a shape is without
  oneDNN, as TensorFlow chooses on a CPU without AVX-512; the second with it, which only the engine of this project turns on there.
- **@genai-fi/nanogpt** is made for browsers. In Node it loads only where tfjs takes the process for one, and then computes in JavaScript, on
  one thread: the model is as small as that asks for, and as large in both. Its weights are its own, so losses are not compared.

Made with \`npm run bench:tfjs\` on ${new Date().toISOString().slice(0, 10)}.
`;
  await writeFile(inRepository('benchmarks/results/tfjs.md'), text);
}

async function beside(
  shape: BenchShape,
  name: string,
  theirs: (model: string, tokens: string, shape: BenchShape) => string[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-bench-'));
  const peers: Peer[] = [];
  try {
    const { model, tokens } = await makeMaterial(shape, folder);
    const ours = inRepository('benchmarks/speed/our-step.ts');
    peers.push(
      await startPeer('ours', [...tsx(ours), 'train', model, tokens, ...sizesOf(shape)]),
      await startPeer(name, theirs(model, tokens, shape)),
    );
    const [own, other] = (await stepsInTurn(peers, pairs)) as [MeasuredStep[], MeasuredStep[]];
    const [ownLoss, otherLoss] = peers.map(({ ready }) => ready['firstLoss'] as number | undefined);
    return [
      ...[`${shape.name}, ${shape.batch} × ${shape.length}`, name],
      median(other.map((step, i) => step.seconds / own[i]!.seconds)).toPrecision(3),
      (own.at(-1)!.peakRssBytes / other.at(-1)!.peakRssBytes).toFixed(2),
      otherLoss === undefined ? '–' : Math.abs(otherLoss - ownLoss!).toExponential(1),
    ];
  } finally {
    for (const peer of peers) peer.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function tsx(file: string): string[] {
  return [process.execPath, '--import', 'tsx', file];
}

function sizesOf({ batch, length }: BenchShape): string[] {
  return [batch, length, threads].map(String);
}

function eagerCommand(oneDnn: '0' | '1') {
  return (model: string, tokens: string, shape: BenchShape): string[] => [
    ...['env', `TF_ENABLE_ONEDNN_OPTS=${oneDnn}`],
    ...[...tsx(inRepository('benchmarks/tfjs/eager-step.ts')), model, tokens, ...sizesOf(shape)],
  ];
}

function nanogptCommand(): string[] {
  const sizes = [NANO.layers, NANO.width, NANO.heads, 200, NANO.batch, NANO.length].map(String);
  const text = inRepository('data/corpus/wikitext.txt');
  return [process.execPath, inRepository('benchmarks/nanogpt/step.mjs'), ...sizes, text];
}

/** It is no dependency of this repository: its own lock file pins it, and no script of it runs. */
async function installNanogpt(): Promise<void> {
  const folder = inRepository('benchmarks/nanogpt');
  if (existsSync(join(folder, 'node_modules/@genai-fi/nanogpt'))) return;
  await execa('npm', ['ci', '--ignore-scripts', '--prefix', folder], { cwd: folder, stdio: 'inherit' });
}
