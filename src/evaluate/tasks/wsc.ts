import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { pythonLength, pythonWords } from '../python-strip.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

const answers = ['no', 'yes'];
const row = z.object({
  text: z.string(),
  span1_text: z.string(),
  span2_text: z.string(),
  /** Counts words, not characters. */
  span2_index: z.int().min(0),
  label: z.int().min(0).max(1),
});

/**
 * Does the pronoun refer to the noun? SuperGLUE's Winograd schema challenge (Levesque et al., 2012; Wang et al., 2019):
 * 104 rows in which "no" is right 66 times, so a constant answer already reaches 63.5 %.
 */
export const wsc = defineTask({
  name: 'wsc',
  version: 1,
  file: 'wsc',
  hub: { dataset: 'aps/super_glue', config: 'wsc.fixed', split: 'validation' },
  row,
  question: ({ text, span1_text: noun, span2_text: pronoun, span2_index, label }) => {
    const before = pythonWords(text).slice(0, span2_index).join(' ');
    const after = [...text].slice(pythonLength(before) + pythonLength(pronoun) + 1).join('');
    const passage = detokenise(`${before} *${pronoun}*${after}`);
    return {
      kind: 'continuations',
      context: `Passage: ${passage}\nQuestion: In the passage above, does the pronoun "*${pronoun}*" refer to "*${noun}*"?\nAnswer:`,
      choices: answers,
      gold: label,
      sharedText: text,
    };
  },
  metrics: [accuracy],
  fewShot: FROM_TRAIN,
});

/** lm-eval's `general_detokenize`; the order of the steps matters. */
function detokenise(text: string): string {
  return text
    .replaceAll(" n't", "n't")
    .replaceAll(' )', ')')
    .replaceAll('( ', '(')
    .replaceAll('" ', '"')
    .replaceAll(' "', '"')
    .replaceAll(/ (['.,])/g, '$1');
}
