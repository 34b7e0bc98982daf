/**
 * Compares what `inheritune plan` predicts with what real training steps on this machine's CPU need, and writes
 * benchmarks/results/plan.md. Run: npm run bench:plan
 */
import { readFile, writeFile } from 'node:fs/promises';
import { execaNode } from 'execa';
import { markdownTable } from 'markdown-table';
import { memoryOfRuns, workOfRun } from '../../src/graph/cost.ts';
import { parseConfig } from '../../src/model/config.ts';
import { FETCH, traceTraining } from '../../src/train/training-program.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';

const root = new URL('../../', import.meta.url);
const UPDATE = [FETCH.update, FETCH.gradientNorm];
const optimizer = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 } as const;
const llama = (hidden: number, layers: number) => ({
  ...{ model_type: 'llama', hidden_size: hidden, num_hidden_layers: layers, vocab_size: 8192 },
  ...{ intermediate_size: Math.round((hidden * 8) / 3), num_attention_heads: hidden / 64 },
});
const gpt2 = { model_type: 'gpt2', n_embd: 384, n_layer: 8, n_head: 6, vocab_size: 8192, n_positions: 512 };

const cases: readonly [string, Record<string, unknown>, Partial<TrainingShape>][] = [
  ['llama 8x384, 1x256', llama(384, 8), { sequenceLength: 256 }],
  ['llama 8x384, 1x512', llama(384, 8), { sequenceLength: 512 }],
  ['llama 8x384, 1x512, recompute block', llama(384, 8), { sequenceLength: 512, recompute: 'block' }],
  ['llama 24x192, 2x512', llama(192, 24), { sequenceLength: 512, microBatch: 2 }],
  ['gpt2 8x384, 2x256, accumulate 2', gpt2, { sequenceLength: 256, microBatch: 2, accumulate: 2 }],
];

const memoryRows: string[][] = [];
for (const [name, fields, changes] of cases) {
  const config = parseConfig(fields, name);
  const sizes = { sequenceLength: 512, microBatch: 1, accumulate: 1, ...changes };
  const shape: TrainingShape = { config, precision: 'float32', optimizer, ...sizes };
  const { poolBytes, processBytes } = memoryOfRuns(
    traceTraining(shape),
    sizes.accumulate === 1 ? [UPDATE] : [[FETCH.first], UPDATE],
  );
  const child = await execaNode(new URL('measure-step.ts', import.meta.url), [JSON.stringify(shape)], {
    nodeOptions: ['--import', 'tsx'],
    cwd: root,
  });
  const { grownBytes } = JSON.parse(child.stdout) as { grownBytes: number };
  memoryRows.push(row(name, poolBytes + processBytes, grownBytes, 1e6));
}

type Flops = Record<
  string,
  { config: Record<string, unknown>; batch: number; length: number; trainFlop: number }
>;
const flops = JSON.parse(await readFile(new URL('test/fixtures/models/flops.json', root), 'utf8')) as Flops;
const flopRows = Object.entries(flops).map(([name, { config, batch, length, trainFlop }]) => {
  const sizes = { microBatch: batch, sequenceLength: length, accumulate: 1 };
  const program = traceTraining({
    config: parseConfig(config, name),
    precision: 'float32',
    optimizer,
    ...sizes,
  });
  return row(name, workOfRun(program, UPDATE).totalFlop, trainFlop, 1e6);
});

const text = `# What a plan predicts, and what is measured

Made by \`npm run bench:plan\`. Both columns are independent of how fast the machine is.

## Peak memory of a training step on the CPU, MB

Predicted: variables, values and the allocator's gaps from the traced graph, plus what the process needs to hold the graph.
Measured: growth of the process's largest resident set (Linux, \`VmHWM\`) from the loaded engine through four float32 steps.
TensorFlow's threads decide the order of operations anew at each run, so the measured column varies by a few per cent.

${markdownTable([['step', 'predicted', 'measured', 'error'], ...memoryRows], { align: ['l', 'r', 'r', 'r'] })}

## Matrix products of a training step, MFLOP

Measured: PyTorch's \`torch.utils.flop_counter\` (\`test/reference/models/make_flops.py\`).

${markdownTable([['step', 'predicted', 'PyTorch', 'error'], ...flopRows], { align: ['l', 'r', 'r', 'r'] })}
`;
await writeFile(new URL('benchmarks/results/plan.md', root), text);
process.stdout.write(text);

function row(name: string, predicted: number, measured: number, unit: number): string[] {
  const error = `${(100 * (predicted / measured - 1)).toFixed(1)} %`;
  return [name, (predicted / unit).toFixed(1), (measured / unit).toFixed(1), error];
}
