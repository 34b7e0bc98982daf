/**
 * What recomputing saves on deep narrow models, measured; writes benchmarks/results/recompute.md.
 * Run: npm run bench:recompute
 */
import { writeFile } from 'node:fs/promises';
import { markdownTable } from 'markdown-table';
import { PLAN_CASES } from '../plan/cases.ts';
import type { PlanCase } from '../plan/cases.ts';
import { DEEP_NARROW, measureActivations, stepDifference } from './activation-memory.ts';
import type { ActivationMemory } from './activation-memory.ts';

const wider = PLAN_CASES.find(({ name }) => name.startsWith('LLaMA 24 × 192'));
if (wider === undefined) throw new Error('benchmarks/plan/cases.ts has no deep narrow model');
const rows: string[][] = [];
for (const model of [DEEP_NARROW, wider]) rows.push(...(await rowsOf(model)));
const head = ['model', 'recompute', 'MB', 'times less', 'difference'];
const text = `# Activation memory with recomputation

float32, on a CPU. Activation memory: largest resident set of a process that takes four steps, less that of a process whose steps are
of one sequence of 8 tokens (the same graph, weights, moments and gradients). The last column is the largest relative difference
of a step's loss or gradient norm from the run that keeps everything.

${markdownTable([head, ...rows], { align: ['l', 'l', 'r', 'r', 'r'] })}

Made with \`npm run bench:recompute\`.
`;
await writeFile(new URL('../results/recompute.md', import.meta.url), text);
process.stdout.write(text);

async function rowsOf({ name, shape }: PlanCase): Promise<string[][]> {
  const measured: ActivationMemory[] = [];
  for (const recompute of ['none', 'attention', 'block'] as const)
    measured.push(await measureActivations(shape, recompute));
  const kept = measured[0]!;
  return measured.map(({ recompute, activationBytes, steps }) => [
    ...[name, recompute, (activationBytes / 1e6).toFixed(0)],
    (kept.activationBytes / activationBytes).toFixed(1),
    stepDifference(steps, kept.steps).toExponential(1),
  ]);
}
