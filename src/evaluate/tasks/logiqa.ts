import { z } from 'zod';
import { accuracy, normalisedAccuracy } from '../metrics.ts';
import { pythonStrip } from '../python-strip.ts';
import { defineTask } from './task.ts';

const LETTERS = ['a', 'b', 'c', 'd'];

/** Logical reasoning over a passage; the option texts are scored, not their letters. Liu et al., 2020. */
export const logiqa = defineTask({
  name: 'logiqa',
  version: 1,
  file: 'logiqa',
  hub: { dataset: 'EleutherAI/logiqa', config: 'logiqa', split: 'test' },
  row: z.object({
    context: z.string(),
    question: z.string(),
    options: z.array(z.string()).length(4),
    label: z.string().refine((label) => LETTERS.includes(pythonStrip(label)), 'is not one of a, b, c, d'),
  }),
  question: ({ context, question, options, label }) => {
    const lines = options
      .map((option, index) => `${LETTERS[index]?.toUpperCase() ?? ''}. ${option}\n`)
      .join('');
    return {
      kind: 'continuations',
      context: `Passage: ${context}\nQuestion: ${question}\nChoices:\n${lines}Answer:`,
      choices: options,
      gold: LETTERS.indexOf(pythonStrip(label)),
      sharedText: context,
    };
  },
  metrics: [accuracy, normalisedAccuracy],
  fewShot: { shots: 0, fixed: false, pool: 'train', draw: 'random' },
});
