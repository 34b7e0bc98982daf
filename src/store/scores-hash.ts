import { recipeHash } from '../recipe/recipe-hash.ts';
import type { RecordedModel } from './run-record.ts';

/** Equal where a model gave the same answers, to the last bit, to the same items of every task. */
export function scoresHash(tasks: RecordedModel['tasks']): string {
  return recipeHash(
    Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        name,
        task.status === 'scored' ? `${task.itemSetHash} ${task.answersHash}` : task.status,
      ]),
    ),
  );
}
