/**
 * A program of its own: loads the weights in the folder given into a session and prints, as JSON, their size and by how much
 * the process's largest resident set grew, in bytes (Linux).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { testEngine } from '../../test/support/test-engine.ts';
import { trace } from '../graph/program.ts';
import { Session } from '../graph/session.ts';
import { silentProgress } from '../progress.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { parseConfig } from './config.ts';
import { loadWeights } from './load-weights.ts';
import { parameterCount, parametersOf } from './parameters.ts';

const folder = process.argv[2] ?? '';
const { binding } = await testEngine();
const checkpoint = await openCheckpoint(folder);
const config = parseConfig(checkpoint.config, folder);
const program = trace((t) => {
  const norms = parametersOf(config).map(({ name, shape }) => tf.sum(t.variable(name, shape).value));
  t.fetch('sum', tf.addN(norms));
});
const session = await Session.open(binding, program);
// Writing 5 sets the peak back to what is resident now (`man 5 proc`).
writeFileSync('/proc/self/clear_refs', '5');
const before = { resident: status('VmRSS'), files: status('RssFile') };
await loadWeights(session, config, checkpoint, silentProgress);
const grownBytes = status('VmHWM') - before.resident - (status('RssFile') - before.files);
const [sum] = session.run({}, ['sum']);
const result = { weightBytes: 4 * parameterCount(config), grownBytes, sum: sum![0] };
process.stdout.write(JSON.stringify(result), () => process.exit(0));

function status(field: 'VmRSS' | 'VmHWM' | 'RssFile'): number {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${field}:`));
  return 1024 * Number(/\d+/.exec(line ?? '')?.[0]);
}
