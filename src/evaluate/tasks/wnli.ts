import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

const answers = ['False', 'True'];

/** Winograd schemas recast as entailment by GLUE (Wang et al., 2018): 71 rows, so one row is 1.4 points. */
export const wnli = defineTask({
  name: 'wnli',
  version: 2,
  file: 'wnli',
  hub: { dataset: 'nyu-mll/glue', config: 'wnli', split: 'validation' },
  row: z.object({ sentence1: z.string(), sentence2: z.string(), label: z.int().min(0).max(1) }),
  question: (row) => ({
    kind: 'continuations',
    context: `${row.sentence1}\nQuestion: ${row.sentence2} True or False?\nAnswer:`,
    choices: answers,
    gold: row.label,
    sharedText: row.sentence1,
  }),
  metrics: [accuracy],
  fewShot: FROM_TRAIN,
});
