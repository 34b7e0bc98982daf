import { choiceCount, labelsOf, mean } from './metrics.ts';
import type { Baselines } from './result.ts';
import type { Question } from './tasks/task.ts';

/**
 * What needs no model: the score of guessing, and of the best choice that is the same for every item: one answer ("no") or,
 * where each item has answers of its own, one place among them.
 * @param rightFirst the right choice stands first in every item: its place is no answer, and `constant` is null
 */
export function baselinesOf(questions: readonly Question[], rightFirst = false): Baselines {
  const uniform = mean(
    questions.map(
      (question) => labelsOf(question).filter((label) => label === 1).length / choiceCount(question),
    ),
  );
  if (rightFirst) return { uniform, constant: null };
  const counts = new Map<number, number>();
  for (const { gold } of questions) counts.set(gold, (counts.get(gold) ?? 0) + 1);
  return { uniform, constant: Math.max(...counts.values()) / questions.length };
}
