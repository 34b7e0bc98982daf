/**
 * What recomputing saves on a deep narrow model, measured; writes benchmarks/results/recompute.md.
 * Run: npm run bench:recompute
 */
import { writeFile } from 'node:fs/promises';
import { markdownTable } from 'markdown-table';
import { PLAN_CASES } from '../plan/cases.ts';
import { measureActivations, stepDifference } from './activation-memory.ts';

const given = PLAN_CASES.find(({ name }) => name.startsWith('LLaMA 24 × 192'));
if (given === undefined) throw new Error('benchmarks/plan/cases.ts has no deep narrow model');
const measured = [];
for (const recompute of ['none', 'attention', 'block'] as const)
  measured.push(await measureActivations(given.shape, recompute));
const [none] = measured;
const rows = measured.map(({ recompute, activationBytes, steps }) => [
  ...[recompute, (activationBytes / 1e6).toFixed(0)],
  ...[
    (none!.activationBytes / activationBytes).toFixed(1),
    stepDifference(steps, none!.steps).toExponential(1),
  ],
]);
const text = `# Activation memory with recomputation

${given.name}, float32, on a CPU. Activation memory: largest resident set of a process that takes four steps, less
that of a process whose steps are of one sequence of 8 tokens (the same graph, weights, moments and gradients). The last column is
the largest relative difference of a step's loss or gradient norm from the run that keeps everything.

${markdownTable([['recompute', 'MB', 'times less', 'difference'], ...rows], { align: ['l', 'r', 'r', 'r'] })}

Made with \`npm run bench:recompute\`.
`;
await writeFile(new URL('../results/recompute.md', import.meta.url), text);
process.stdout.write(text);
