/**
 * A program of its own: loads the weights in the folder given into a session and prints, as JSON, their size and by how much
 * the process's largest resident set grew, in bytes (Linux).
 */
import * as tf from '@tensorflow/tfjs';
import { watchResidentGrowth } from '../../test/support/resident-growth.ts';
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
const growth = watchResidentGrowth();
await loadWeights(session, config, checkpoint, silentProgress);
const grownBytes = growth();
const [sum] = session.run({}, ['sum']);
const result = { weightBytes: 4 * parameterCount(config), grownBytes, sum: sum![0] };
process.stdout.write(JSON.stringify(result), () => process.exit(0));
