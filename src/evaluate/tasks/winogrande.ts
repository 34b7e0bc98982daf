import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { pythonStrip } from '../python-strip.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

/** Which of two options fills the blank `_`; the rest of the sentence is scored after each. Sakaguchi et al., 2019. */
export const winogrande = defineTask({
  name: 'winogrande',
  version: 1,
  file: 'winogrande',
  hub: { dataset: 'allenai/winogrande', config: 'winogrande_xl', split: 'validation' },
  row: z.object({
    sentence: z.string().refine((text) => text.includes('_'), 'has no blank "_"'),
    option1: z.string(),
    option2: z.string(),
    answer: z.enum(['1', '2']),
  }),
  question: ({ sentence, option1, option2, answer }) => {
    const blank = sentence.indexOf('_');
    const before = sentence.slice(0, blank);
    return {
      kind: 'contexts',
      contexts: [before + option1, before + option2],
      continuation: pythonStrip(sentence.slice(blank + 1)),
      gold: Number(answer) - 1,
    };
  },
  metrics: [accuracy],
  fewShot: FROM_TRAIN,
});
