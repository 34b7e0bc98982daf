import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { EvaluateError } from '../evaluate-error.ts';
import type { RowLoader } from '../load-rows.ts';
import { accuracy, normalisedAccuracy } from '../metrics.ts';
import { taskNames } from '../tasks/registry.ts';
import type { Task } from '../tasks/task.ts';
import { customRead } from './custom-question.ts';
import { customRows } from './custom-rows.ts';
import { CUSTOM_KEYS, customSchema } from './custom-schema.ts';
import type { CustomDefinition } from './custom-schema.ts';

/** A task of the user's own, with where its rows come from. */
export interface CustomTask {
  readonly task: Task;
  readonly loadRows: RowLoader;
}

export interface CustomTaskPlaces {
  /** The folder the command was started in. */
  readonly cwd: string;
  /** `--data` as an absolute path: a file holds the rows of every custom task, a folder those without a dataset_path. */
  readonly data?: string | undefined;
}

/** Whether a name in a task list is a file. */
export function isTaskFile(name: string): boolean {
  return /\.ya?ml$/i.test(name);
}

/**
 * A multiple-choice task from a YAML file in the shape of lm-eval's, with 0 examples. It scores as lm-eval's would.
 * @param file absolute
 * @throws EvaluateError `bad-task-file` naming file, key and value
 */
export async function readCustomTask(file: string, places: CustomTaskPlaces): Promise<CustomTask> {
  const definition = checked(file, await parsedYaml(file));
  if (taskNames().includes(definition.task)) {
    throw wrong(file, `task is "${definition.task}", the name of a built-in task`, 'Choose another name.');
  }
  const read = customRead(definition, (key, reason) =>
    wrong(file, `${key} ${reason}`, 'Change the template.'),
  );
  const task: Task = {
    name: definition.task,
    version: definition.metadata.version,
    file: definition.task,
    hub: { dataset: '', config: null, split: '' },
    delimiter: definition.target_delimiter,
    metrics: definition.metric_list.map(({ metric }) => (metric === 'acc' ? accuracy : normalisedAccuracy)),
    // Which examples lm-eval would draw depends on splits that are not asked for here.
    fewShot: { shots: 0, fixed: true, pool: 'scored', draw: 'first' },
    read,
    ...(definition.description === undefined ? {} : { description: definition.description }),
  };
  return { task, loadRows: customRows(definition, file, places) };
}

async function parsedYaml(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new EvaluateError(
      'bad-task-file',
      `The task file ${file} cannot be read: ${(cause as Error).message}. Give the path of a YAML file.`,
      { cause },
    );
  }
  const document = parseDocument(text);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault === undefined) return document.toJS();
  if (/tag/i.test(fault.message) && text.includes('!function')) {
    throw wrong(file, 'a value is a !function, Python code', 'Only templates can be used.');
  }
  throw wrong(file, `not YAML: ${fault.message.split('\n')[0] ?? ''}`, 'Correct the file.');
}

function checked(file: string, value: unknown): CustomDefinition {
  const parsed = customSchema.safeParse(value);
  if (parsed.success) return withSplit(file, parsed.data);
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}.`;
    const keys = issue.keys.map((key) => `"${where}${key}"`).join(', ');
    throw wrong(file, `${keys} is not supported`, `Supported keys: ${CUSTOM_KEYS.join(', ')}.`);
  }
  throw wrong(file, described(issue, value), 'docs/evaluation.md shows a complete file.');
}

function described(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.path.length === 0) return 'it holds no keys';
  const seen = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null)?.[key],
    value,
  );
  const field = issue.path.join('.');
  return seen === undefined
    ? `the key "${field}" is missing`
    : `${field} is ${JSON.stringify(seen)}: ${issue.message}`;
}

function withSplit(file: string, definition: CustomDefinition): CustomDefinition {
  if (typeof (definition.test_split ?? definition.validation_split) === 'string') return definition;
  throw wrong(
    file,
    'neither test_split nor validation_split is given',
    'Name the split whose rows are scored, e.g. test_split: test.',
  );
}

function wrong(file: string, what: string, instead: string): EvaluateError {
  return new EvaluateError('bad-task-file', `${file}: ${what}. ${instead}`);
}
