import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

const answers = ['no', 'yes'];

/** Yes/no questions about a passage. Clark et al., 2019, as recast by SuperGLUE. */
export const boolq = defineTask({
  name: 'boolq',
  version: 2,
  file: 'boolq',
  hub: { dataset: 'aps/super_glue', config: 'boolq', split: 'validation' },
  row: z.object({ passage: z.string(), question: z.string(), label: z.int().min(0).max(1) }),
  question: (row) => ({
    kind: 'continuations',
    context: `${row.passage}\nQuestion: ${row.question}?\nAnswer:`,
    choices: answers,
    gold: row.label,
    sharedText: row.passage,
  }),
  metrics: [accuracy],
  fewShot: FROM_TRAIN,
});
