import type { z } from 'zod';
import { EvaluateError } from './evaluate-error.ts';
import { jsonErrorColumn } from './json-error-column.ts';

const SHOWN_LENGTH = 60;

/** A line that is not JSON, by file, line and column. */
export function malformedLine(file: string, line: number, text: string, cause: unknown): EvaluateError {
  const column = jsonErrorColumn(text) ?? 1;
  const found = column > text.length ? 'the line ends too early' : `found ${shown(text.slice(column - 1))}`;
  return new EvaluateError(
    'bad-row',
    `${file}, line ${String(line)}, column ${String(column)}: not JSON (${found}). ` +
      'Write one complete JSON object on each line.',
    { cause },
  );
}

/** A row that is JSON but not a row of its dataset, by file, line and field. */
export function badRow(
  file: string,
  line: number,
  value: unknown,
  problems: readonly z.core.$ZodIssue[],
): EvaluateError {
  const at = `${file}, line ${String(line)}`;
  const problem = problems[0];
  if (problem === undefined || problem.path.length === 0) {
    return new EvaluateError(
      'bad-row',
      `${at}: the row is ${shown(value)}, not an object. Write one JSON object with the columns of the dataset on each line.`,
    );
  }
  const field = fieldName(problem.path);
  const seen = valueAt(value, problem.path);
  if (seen === undefined) {
    return new EvaluateError(
      'bad-row',
      `${at}: the column "${field}" is missing. Use the file in the schema of the hub dataset, with all its columns.`,
    );
  }
  return new EvaluateError(
    'bad-row',
    `${at}: "${field}" ${fault(problem)}, but it is ${shown(seen)}. Correct the row or use the unchanged file of the dataset.`,
  );
}

function fault(problem: z.core.$ZodIssue): string {
  switch (problem.code) {
    case 'invalid_type':
      return `must be ${article(problem.expected === 'int' ? 'integer' : problem.expected)}`;
    case 'too_big':
      return limitFault('at most', problem.maximum, problem.origin);
    case 'too_small':
      return limitFault('at least', problem.minimum, problem.origin);
    case 'invalid_value':
      return `must be one of ${problem.values.map((value) => JSON.stringify(value)).join(', ')}`;
    default:
      return problem.message;
  }
}

function limitFault(direction: string, limit: number | bigint, origin: string): string {
  if (origin === 'array') return `must have ${direction} ${String(limit)} entries`;
  return origin === 'string'
    ? `must have ${direction} ${String(limit)} characters`
    : `must be ${direction} ${String(limit)}`;
}

function article(noun: string): string {
  return /^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) =>
      typeof key === 'number' ? `[${String(key)}]` : (index > 0 ? '.' : '') + String(key),
    )
    .join('');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return at;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
