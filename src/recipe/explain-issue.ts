import type { z } from 'zod';
import { allowedWords, fieldSchema, pathText, sectionSchema, typeText } from './field-schema.ts';
import { nearestName } from './nearest-name.ts';
import type { FieldPath } from './recipe-document.ts';
import { recipeFields } from './recipe-fields.ts';

/** What is wrong with one field, in one sentence. */
export interface FieldProblem {
  readonly path: FieldPath;
  readonly message: string;
}

/** Turns an issue of the schema into sentences that name field, value seen and what is allowed. */
export function explainIssue(issue: z.core.$ZodIssue, recipe: unknown): FieldProblem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownField(path, key) }));
  }
  if (issue.code === 'custom') return [{ path, message: issue.message }];
  const inner = issue.code === 'invalid_union' ? meantAlternative(issue.errors) : undefined;
  if (inner !== undefined) {
    return inner.flatMap((one) => explainIssue({ ...one, path: [...issue.path, ...one.path] }, recipe));
  }
  return [{ path, message: wrongValue(path, valueAt(recipe, path)) }];
}

/** The alternative whose kind of value was written, if it is one with fields of its own: its problems lie inside the value. */
function meantAlternative(
  alternatives: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  return alternatives.find((issues) =>
    issues.every(({ path, code }) => typeof path[0] === 'string' || code === 'unrecognized_keys'),
  );
}

function unknownField(section: FieldPath, key: string): string {
  const sentence = `${pathText([...section, key])} is not a field`;
  const siblings = Object.keys(sectionSchema(fieldSchema(section))?.properties ?? {});
  const near = nearestName(key, siblings);
  if (near !== undefined) return `${sentence}; did you mean ${near}?`;
  const elsewhere = recipeFields()
    .map(({ path }) => path)
    .find((path) => nearestName(key, [path.split('.').at(-1)!]) !== undefined);
  if (elsewhere !== undefined) return `${sentence}; did you mean ${elsewhere}?`;
  const place = section.length > 0 ? pathText(section) : 'a recipe';
  return `${sentence}; the fields of ${place} are ${siblings.join(', ')}.`;
}

function wrongValue(path: FieldPath, value: unknown): string {
  const schema = fieldSchema(path) ?? {};
  const allowed = typeText(schema).replaceAll('`', '');
  const name = path.length > 0 ? pathText(path) : 'the recipe';
  if (value === undefined) return `${name} is missing; give it: ${allowed}.`;
  if (value === null) return `${name} is empty; give it a value (${allowed}) or remove it.`;
  const near = typeof value === 'string' ? nearestName(value, allowedWords(schema)) : undefined;
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  const quotes = schema.type === 'string' && typeof value === 'number' ? ' (put quotes around it)' : '';
  return `${name} is ${valueText(value)}; allowed: ${allowed}${quotes}.${hint}`;
}

function valueAt(recipe: unknown, path: FieldPath): unknown {
  let value = recipe;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function valueText(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.length === 0) return 'an empty list';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
