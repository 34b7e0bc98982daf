import { choiceCount, labelsOf, mean } from './metrics.ts';
import type { Baselines } from './result.ts';
import type { Question } from './tasks/task.ts';

/**
 * What needs no model: the score of guessing, and of the best answer that is the same for every item.
 * `constant` is null where the answers are part of the row (PIQA, LogiQA, …): there is no one answer to give.
 */
export function baselinesOf(
  questions: readonly Question[],
  answers: readonly string[] | undefined,
): Baselines {
  const uniform = mean(
    questions.map(
      (question) => labelsOf(question).filter((label) => label === 1).length / choiceCount(question),
    ),
  );
  if (answers === undefined) return { uniform, constant: null };
  const shares = answers.map((_, index) =>
    mean(questions.map((question) => Number(question.gold === index))),
  );
  return { uniform, constant: Math.max(...shares) };
}
