import { createHash } from 'node:crypto';
import type { LoglikelihoodRequest } from './result.ts';
import type { Question } from './tasks/task.ts';

const SHOT_END = '\n\n';

/**
 * The requests of one question, one for each choice: description, solved examples, the question without its answer;
 * the continuation is the delimiter (one space unless given) + the choice (or the rest of the sentence). lm-eval 0.4.13, `api/task.py`.
 */
export function renderRequests(
  question: Question,
  shots: readonly Question[],
  { description, delimiter = ' ' }: { description?: string; delimiter?: string },
): LoglikelihoodRequest[] {
  const before = (description ?? '') + shots.map((shot) => solved(shot, delimiter)).join('');
  if (question.kind === 'contexts') {
    const continuation = delimiter + question.continuation;
    return question.contexts.map((context) => ({ context: before + context, continuation }));
  }
  const context = before + question.context; // one string for all choices, so that it is encoded once
  return question.choices.map((choice) => ({ context, continuation: delimiter + choice }));
}

/** sha256 over the texts of an item's requests: the same question with the same prompt has the same id in every run. */
export function itemId(requests: readonly LoglikelihoodRequest[]): string {
  const hash = createHash('sha256');
  for (const { context, continuation } of requests) hash.update(`${context}\0${continuation}\x01`);
  return hash.digest('hex');
}

function solved(question: Question, delimiter: string): string {
  if (question.kind === 'continuations') {
    return question.context + delimiter + (question.choices[question.gold] ?? '') + SHOT_END;
  }
  const context = question.contexts[question.gold] ?? '';
  // lm-eval takes an empty ending for "no answer" and then adds neither the delimiter nor the blank line.
  return question.continuation === '' ? context : context + delimiter + question.continuation + SHOT_END;
}
