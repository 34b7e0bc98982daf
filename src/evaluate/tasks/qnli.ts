import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

const answers = ['yes', 'no'];

/** Does the sentence answer the question? SQuAD recast by GLUE (Wang et al., 2018). */
export const qnli = defineTask({
  name: 'qnli',
  version: 1,
  file: 'qnli',
  hub: { dataset: 'nyu-mll/glue', config: 'qnli', split: 'validation' },
  row: z.object({ question: z.string(), sentence: z.string(), label: z.int().min(0).max(1) }),
  question: (row) => ({
    kind: 'continuations',
    context: `${row.question}\n${row.sentence}\nQuestion: Does this response answer the question?\nAnswer:`,
    choices: answers,
    gold: row.label,
    sharedText: row.sentence,
  }),
  metrics: [accuracy],
  fewShot: FROM_TRAIN,
});
