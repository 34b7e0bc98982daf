/**
 * One training step of @genai-fi/nanogpt for every line `step` on stdin, in the line protocol of benchmarks/pytorch.
 * usage: step.mjs LAYERS WIDTH HEADS VOCABULARY BATCH LENGTH TEXT
 * The library trains in a loop of its own: it is paused after every step, and its log says how long the step took.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

// It writes its progress to stdout, which belongs to the protocol.
console.log = (...parts) => console.error(...parts);
// The package is bundled for browsers and does not load in Node, unless tfjs takes it for one.
globalThis.window = globalThis;
globalThis.document = {};
const { data, TeachableLLM } = await import('@genai-fi/nanogpt');
const [layers, width, heads, vocabulary, batch, length] = process.argv.slice(2, 8).map(Number);
const text = await readFile(process.argv[8], 'utf8');
await TeachableLLM.selectBackend('cpu');
const model = TeachableLLM.create('char', {
  modelType: 'GenAI_NanoGPT_v1',
  ...{ vocabSize: vocabulary, blockSize: length, nLayer: layers, nHead: heads, nEmbed: width },
  ...{ mlpFactor: 4, useRope: false },
});
const turns = Array.from({ length: 200 }, (_, i) => [
  { role: 'assistant', content: text.slice(i * 2000, (i + 1) * 2000) },
]);
const stream = new data.MemoryConversationStream(turns);
await model.trainTokeniser([stream]);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let answer;
const next = () => new Promise((resolve) => (answer = resolve));
model.training.on('progress', ({ history }) => {
  const { time, trainingMetrics } = history.at(-1);
  answer({ seconds: time / 1000, loss: trainingMetrics.loss });
});
model.training.on('error', (_, error) => {
  throw error;
});
const first = next();
const paused = () => new Promise((resolve) => model.training.on('paused', resolve));
let pause = paused();
const job = await model.training.job(
  {
    ...{ method: { type: 'pretraining' }, batchSize: batch, learningRate: 3e-4, logInterval: 1 },
    ...{ validationSplit: 0.1, epochSteps: 1000, maxEpochs: 1000 },
  },
  [stream],
  [{ id: 'wikitext', name: 'wikitext' }],
);
model.training.addBreak(job.id);
await first;
await pause;
say({ ready: true, parameters: model.getNumParams() });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break;
  pause = paused();
  const step = next();
  await model.training.resume(job.id);
  const result = await step;
  await pause;
  say({ ...result, peakRssBytes: process.resourceUsage().maxRSS * 1024 });
}
process.exit(0);
