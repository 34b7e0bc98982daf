import type { z } from 'zod';
import { ActionError } from './action-error.ts';

/**
 * The contents of a file that a job left for another one.
 * @param file names it in messages
 * @param what it should be: "a shard of results"
 * @throws ActionError `ACTION_RESULTS` naming the first field that is wrong
 */
export function checkPart<T>(schema: z.ZodType<T>, json: unknown, file: string, what: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ActionError(
    'ACTION_RESULTS',
    `${file} is not ${what}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'wrong'}. Give "results" a folder with nothing but what the jobs of this run left.`,
  );
}
