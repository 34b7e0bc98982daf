import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { pythonLength, pythonWords } from '../python-strip.ts';
import { defineTask } from './task.ts';

const POSSESSIVES = new Set(['my', 'his', 'her', 'our', 'their']);
const LOWERED = new Set(['A', 'An', 'The', 'She', 'He', 'It', 'They', 'My', 'His', 'Her', 'Their']);

const row = z.object({
  text: z.string().min(1),
  pronoun: z.string(),
  /** Counts code points. */
  pronoun_loc: z.int().min(0),
  options: z.array(z.string().refine((option) => pythonWords(option).length > 0, 'is blank')).length(2),
  label: z.int().min(0).max(1),
});

/** The 273 Winograd schemas (Levesque et al., 2012), scored by the rest of the sentence after each noun. */
export const wsc273 = defineTask({
  name: 'wsc273',
  version: 1,
  file: 'wsc273',
  hub: { dataset: 'lighteval/winograd_wsc', config: 'wsc273', split: 'test' },
  row,
  question: ({ text, pronoun, pronoun_loc, options, label }) => {
    const characters = [...text.replaceAll('  ', ' ')];
    const before = characters.slice(0, pronoun_loc).join('');
    // A negative index counts from the end in Python, so a pronoun at the very start looks at the end of the text.
    const startsSentence = characters.at(pronoun_loc - 2) === '.';
    return {
      kind: 'contexts',
      contexts: options.map((option) => before + normalised(option, pronoun, startsSentence)),
      // Not stripped: it starts with a space, so the request's continuation starts with two.
      continuation: characters.slice(pronoun_loc + pythonLength(pronoun)).join(''),
      gold: label,
    };
  },
  metrics: [accuracy],
  // There is no other split: a question may be one of its own examples, as in lm-eval.
  fewShot: { shots: 0, fixed: false, pool: 'scored', draw: 'random' },
});

function normalised(option: string, pronoun: string, startsSentence: boolean): string {
  const noun = POSSESSIVES.has(pronoun.toLowerCase()) ? `${option}'s` : option;
  const first = pythonWords(noun)[0] ?? '';
  if (startsSentence || !LOWERED.has(first)) return noun;
  return noun.replaceAll(first, first.toLowerCase());
}
