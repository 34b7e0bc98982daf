/**
 * 200 training steps with bfloat16 products beside the same 200 with float32 ones; writes benchmarks/results/bfloat16.md.
 * Run: npm run bench:bfloat16
 */
import { writeFile } from 'node:fs/promises';
import { markdownTable } from 'markdown-table';
import { testEngine } from '../../test/support/test-engine.ts';
import { largestDifference, lossCurve } from './loss-curve.ts';

const STEPS = 200;
const RUNS: readonly [string, Readonly<Record<string, unknown>>][] = [
  [
    'LLaMA 6 × 256, GQA 4/2, tied',
    {
      ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], vocab_size: 256, num_hidden_layers: 6 },
      ...{ hidden_size: 256, intermediate_size: 688, num_attention_heads: 4, num_key_value_heads: 2 },
      tie_word_embeddings: true,
    },
  ],
  [
    'GPT-2 6 × 256, tied',
    {
      ...{ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: 256, n_layer: 6, n_embd: 256 },
      ...{ n_head: 4, n_positions: 256 },
    },
  ],
];

const engine = await testEngine();
const rows: string[][] = [];
for (const [name, config] of RUNS) {
  const sizes = { config, steps: STEPS, batch: 4, length: 128, learningRate: 5e-4 };
  const float32 = await lossCurve(engine, { ...sizes, precision: 'float32' });
  const other = await lossCurve(engine, { ...sizes, precision: 'float32', lossChunk: 100 });
  const bfloat16 = await lossCurve(engine, { ...sizes, precision: 'bfloat16' });
  const ends = [float32[0]!, float32.at(-1)!, bfloat16.at(-1)!].map((loss) => loss.toFixed(4));
  const differences = [bfloat16, other].map((curve) => percent(largestDifference(curve, float32)));
  rows.push([name, ...ends, ...differences]);
}
const head = [
  ...['model', 'first loss', 'last, float32', 'last, bfloat16'],
  ...['largest difference at a step', 'float32, summed otherwise'],
];
const text = `# Training in bfloat16 beside float32

${STEPS} steps of 4 × 128 bytes of WikiText-2 from the same random weights; losses in nats a byte. Matrix products take bfloat16
operands (forward, backward and loss; a test checks every one); weights, Adam's moments, norms, softmax and loss are float32.
The last column is what rounding alone does to a float32 run: its loss is summed in chunks of 100 tokens instead of 256.

${markdownTable([head, ...rows], { align: ['l', 'r', 'r', 'r', 'r', 'r'] })}

Made with \`npm run bench:bfloat16\` on a CPU.
`;
await writeFile(new URL('../results/bfloat16.md', import.meta.url), text);
process.stdout.write(text);
process.exit(0);

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
