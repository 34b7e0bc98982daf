import { z } from 'zod';
import { accuracy, normalisedAccuracy } from '../metrics.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

/** Physical commonsense, two solutions to a goal. Bisk et al., 2019. */
export const piqa = defineTask({
  name: 'piqa',
  version: 1,
  file: 'piqa',
  hub: { dataset: 'baber/piqa', config: null, split: 'validation' },
  row: z.object({ goal: z.string(), sol1: z.string(), sol2: z.string(), label: z.int().min(0).max(1) }),
  question: (row) => ({
    kind: 'continuations',
    context: `Question: ${row.goal}\nAnswer:`,
    choices: [row.sol1, row.sol2],
    gold: row.label,
  }),
  metrics: [accuracy, normalisedAccuracy],
  fewShot: FROM_TRAIN,
});
