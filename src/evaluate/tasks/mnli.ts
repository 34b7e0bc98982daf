import { z } from 'zod';
import { accuracy } from '../metrics.ts';
import { pythonStrip } from '../python-strip.ts';
import { defineTask, FROM_TRAIN } from './task.ts';

const answers = ['True', 'Neither', 'False'];

/** Entailment, neutral or contradiction; the matched validation split. Williams et al., 2018. */
export const mnli = defineTask({
  name: 'mnli',
  version: 1,
  file: 'mnli',
  hub: { dataset: 'nyu-mll/glue', config: 'mnli', split: 'validation_matched' },
  row: z.object({ premise: z.string(), hypothesis: z.string(), label: z.int().min(0).max(2) }),
  question: (row) => ({
    kind: 'continuations',
    context: `${row.premise}\nQuestion: ${asSentence(row.hypothesis)} True, False or Neither?\nAnswer:`,
    choices: answers,
    gold: row.label,
    sharedText: row.premise,
  }),
  metrics: [accuracy],
  fewShot: FROM_TRAIN,
});

function asSentence(hypothesis: string): string {
  const stripped = pythonStrip(hypothesis);
  return stripped.endsWith('.') ? stripped : `${stripped}.`;
}
