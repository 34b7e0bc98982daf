/**
 * Measures a step of ours beside PyTorch's, in turn, on the same weights and tokens.
 * usage: compare.ts train|score [--pairs N] [--shape N] [--python PATH] [--no-compile]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { bundle } from '../../scripts/build.mjs';
import { inRepository } from '../../test/support/repository.ts';
import { median } from '../support/median.ts';
import { makeMaterial } from './material.ts';
import { startPeer, stepsInTurn } from './peer.ts';
import type { Peer } from './peer.ts';
import { SHAPES } from './shapes.ts';
import type { BenchShape } from './shapes.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '7' },
    shape: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    'no-compile': { type: 'boolean', default: false },
  },
});
const mode = positionals[0] === 'score' ? 'score' : 'train';
const pairs = Number(values.pairs);
const threads = availableParallelism();
const shapes = values.shape === undefined ? SHAPES : [SHAPES[Number(values.shape)]!];

interface Row {
  readonly shape: string;
  readonly peer: string;
  readonly tokensPerSecondRatio: number;
  readonly peakRssRatio: number;
  readonly lossDifference: number;
}

const rows: Row[] = [];
for (const shape of shapes) rows.push(...(await measureShape(shape)));
await report(rows);

async function measureShape(shape: BenchShape): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-bench-'));
  try {
    const { model, tokens } = await makeMaterial(shape, folder);
    const script = inRepository(`benchmarks/pytorch/${mode === 'train' ? 'train_step' : 'score'}.py`);
    const torch = (torchMode: string): string[] => [
      ...[values.python, script, '--model', model, '--tokens', tokens, '--batch', String(shape.batch)],
      ...[
        '--length',
        String(shape.length),
        '--threads',
        String(threads),
        '--mode',
        torchMode,
        '--warmup',
        '2',
        '--serve',
      ],
    ];
    const ours = [
      ...[process.execPath, await bundledStep(folder)],
      ...[mode, model, tokens, String(shape.batch), String(shape.length), String(threads)],
    ];
    const peers: Peer[] = [await startPeer('ours', ours), await startPeer('PyTorch eager', torch('eager'))];
    if (!values['no-compile']) peers.push(await startPeer('PyTorch compile', torch('compile')));
    const steps = await stepsInTurn(peers, pairs);
    for (const peer of peers) peer.stop();
    const [own, ...others] = peers.map(({ name }, i) => ({ name, steps: steps[i]! }));
    return others.map(({ name, steps: theirs }) => ({
      shape: `${shape.name}, ${shape.batch} × ${shape.length}`,
      peer: name,
      tokensPerSecondRatio: median(theirs.map((step, i) => step.seconds / own!.steps[i]!.seconds)),
      peakRssRatio: own!.steps.at(-1)!.peakRssBytes / theirs.at(-1)!.peakRssBytes,
      lossDifference: Math.max(...theirs.map((step, i) => Math.abs(step.loss - own!.steps[i]!.loss))),
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Our program as users run the product: one bundled file, without the compiler of TypeScript in the process. */
async function bundledStep(folder: string): Promise<string> {
  const source = 'benchmarks/speed/our-step.ts';
  const files = await bundle(inRepository(''), [{ source, output: 'our-step.mjs' }]);
  const path = join(folder, 'our-step.mjs');
  await writeFile(path, files.get('our-step.mjs')!);
  return path;
}

async function report(rows: readonly Row[]): Promise<void> {
  // A scoring session of ours holds the moments too, for which it has no use: its memory says nothing.
  const withMemory = <T>(cells: readonly T[]): T[] => cells.filter((_, i) => mode === 'train' || i !== 3);
  const table = markdownTable(
    [
      ['shape', 'beside', 'tokens/s, ours / theirs', 'peak memory, ours / theirs', 'largest loss difference'],
      ...rows.map((row) => [
        ...[row.shape, row.peer, row.tokensPerSecondRatio.toFixed(2), row.peakRssRatio.toFixed(2)],
        row.lossDifference.toExponential(1),
      ]),
    ].map(withMemory),
    { align: withMemory(['l', 'l', 'r', 'r', 'r']) },
  );
  console.log(table);
  if (values.shape !== undefined) return;
  const text = [
    `# ${mode === 'train' ? 'Training step' : 'Scoring (forward pass and loss)'} beside PyTorch`,
    `Ratios are medians of ${pairs} interleaved pairs on ${cpus()[0]?.model ?? 'a CPU'} with ${threads} threads; above 1 in tokens/s is faster${mode === 'train' ? ', below 1 in memory is leaner' : ''}.`,
    table,
    `Made with \`npm run bench:${mode}\` on ${new Date().toISOString().slice(0, 10)}.`,
  ].join('\n\n');
  await writeFile(inRepository(`benchmarks/results/${mode}.md`), `${text}\n`);
}
