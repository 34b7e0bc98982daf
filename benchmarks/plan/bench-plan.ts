/**
 * Compares what `inheritune plan` predicts with what real training steps on this machine's CPU need, and writes
 * benchmarks/results/plan.md. Exit code 1 when a prediction is off by more than 15 %. Run: npm run bench:plan
 */
import { readFile, writeFile } from 'node:fs/promises';
import { markdownTable } from 'markdown-table';
import { workOfRun } from '../../src/graph/cost.ts';
import { parseConfig } from '../../src/model/config.ts';
import type { Recompute } from '../../src/model/decoder.ts';
import { FETCH, traceTraining } from '../../src/train/training-program.ts';
import { PLAN_CASES } from './cases.ts';
import { measureGrowth, predictStep } from './step-memory.ts';

const root = new URL('../../', import.meta.url);
const TOLERANCE = 0.15;
const errors: number[] = [];

const memoryRows: string[][] = [];
for (const { name, shape } of PLAN_CASES) {
  memoryRows.push(row(name, predictStep(shape), await measureGrowth(shape)));
  console.error(memoryRows.at(-1)!.join(' | '));
}

interface FlopCase {
  readonly config: Record<string, unknown>;
  readonly batch: number;
  readonly length: number;
  readonly recompute: Recompute;
  readonly trainFlop: number;
}
const flops = JSON.parse(await readFile(new URL('test/fixtures/models/flops.json', root), 'utf8')) as Record<
  string,
  FlopCase
>;
const flopRows = Object.entries(flops).map(([name, { config, batch, length, recompute, trainFlop }]) => {
  const program = traceTraining({
    ...{ config: parseConfig(config, name), precision: 'float32', recompute },
    ...{ microBatch: batch, sequenceLength: length, accumulate: 1 },
    optimizer: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
  });
  return row(name, workOfRun(program, [FETCH.update, FETCH.gradientNorm]).totalFlop, trainFlop);
});

const text = `# What a plan predicts, and what is measured

Made by \`npm run bench:plan\`, which fails when a prediction is off by more than ${100 * TOLERANCE} %. The columns are independent of how
fast the machine is.

## Peak memory of a training step on the CPU, MB

Predicted: variables and values alive at once in the traced graph, the heap's gaps, and what the process needs to hold the graph.
Measured: growth of the process's largest resident set (Linux, \`VmHWM\`) from the loaded engine through loading weights and four
float32 steps, without pages of program files; the median of three processes, which differ by several per cent.

${markdownTable([['step', 'predicted', 'measured', 'error'], ...memoryRows], { align: ['l', 'r', 'r', 'r'] })}

## Matrix products of a training step, MFLOP

Measured: PyTorch's \`torch.utils.flop_counter\` (\`test/reference/models/make_flops.py\`).

${markdownTable([['step', 'predicted', 'PyTorch', 'error'], ...flopRows], { align: ['l', 'r', 'r', 'r'] })}
`;
await writeFile(new URL('benchmarks/results/plan.md', root), text);
process.stdout.write(text);
process.exitCode = errors.every((error) => Math.abs(error) <= TOLERANCE) ? 0 : 1;

function row(name: string, predicted: number, measured: number): string[] {
  const error = predicted / measured - 1;
  errors.push(error);
  return [name, (predicted / 1e6).toFixed(1), (measured / 1e6).toFixed(1), `${(100 * error).toFixed(1)} %`];
}
