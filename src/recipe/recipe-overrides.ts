import { parseRecipeDocument, type FieldPath } from './recipe-document.ts';
import { RecipeError } from './recipe-error.ts';
import { TRAIN_LENGTHS } from './train-fields.ts';

/** A recipe value with overrides put in, and which override set a field. */
export interface OverriddenValue {
  readonly value: unknown;
  /** The override as typed, e.g. `--set train.steps=10`, or `undefined` for a field of the file. */
  overrideOf(path: FieldPath): string | undefined;
}

interface Override {
  readonly text: string;
  readonly path: FieldPath;
  /** `undefined` removes the field. */
  readonly value: unknown;
}

/**
 * Puts `path=value` overrides into a recipe value, in order; the value is YAML (`train.steps=10`, `evaluate.tasks=[nine]`,
 * `data.sources.0.weight=2`), and nothing after `=` removes the field. Missing sections are made.
 * Setting `train.steps`, `tokens` or `epochs` replaces the one of them in the file, since they exclude each other; so do `data.tokens` and `data.sources`.
 * The result is not yet checked against the schema. Throws `RecipeError` (`syntax`).
 */
export function applyOverrides(recipe: unknown, overrides: readonly string[], file: string): OverriddenValue {
  const parsed = overrides.map((text) => parseOverride(text, file));
  const value = structuredClone(recipe);
  for (const override of withRemovals(parsed)) put(value, override, file);
  return {
    value,
    overrideOf: (path) => {
      const covering = parsed.findLast((override) => startsWith(path, override.path));
      // A section that only overrides made has no line in the file.
      const made = has(recipe, path)
        ? undefined
        : parsed.findLast((override) => startsWith(override.path, path));
      return (covering ?? made)?.text;
    },
  };
}

function parseOverride(text: string, file: string): Override {
  const [, field, written] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const where = `--set ${text}`;
  const path = (field ?? '')
    .trim()
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  if (field === undefined || written === undefined || path.includes('')) {
    throw overrideError(file, where, 'an override is written FIELD=VALUE, such as train.steps=10.');
  }
  if (written.trim() === '') return { text: where, path, value: undefined };
  try {
    return { text: where, path, value: parseRecipeDocument(written, where).value };
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw overrideError(file, where, `the value is not valid YAML; put quotes around it.`, cause);
  }
}

/** Fields of one section that exclude each other. */
const EXCLUSIVE: readonly (readonly [section: string, fields: readonly string[]])[] = [
  ['train', TRAIN_LENGTHS],
  ['data', ['tokens', 'sources']],
];

/** The overrides, preceded by the removal of the fields in the file that they exclude. */
function withRemovals(overrides: readonly Override[]): readonly Override[] {
  const removals = EXCLUSIVE.flatMap(([section, fields]) => {
    const isSet = overrides.some(
      ({ path, value }) =>
        path.length === 2 && path[0] === section && fields.includes(String(path[1])) && value !== undefined,
    );
    return isSet ? fields.map((field) => ({ text: '', path: [section, field], value: undefined })) : [];
  });
  return [...removals, ...overrides];
}

function put(recipe: unknown, { path, value, text }: Override, file: string): void {
  let parent: unknown = recipe;
  for (const [at, step] of path.entries()) {
    if (
      typeof parent !== 'object' ||
      parent === null ||
      (Array.isArray(parent) && typeof step !== 'number')
    ) {
      if (value === undefined) return;
      throw overrideError(file, text, `${path.slice(0, at).join('.')} is not a section; set it as a whole.`);
    }
    const holder = parent as Record<string | number, unknown>;
    const last = at === path.length - 1;
    if (last && value === undefined) {
      if (Array.isArray(parent)) parent.splice(Number(step), 1);
      else Reflect.deleteProperty(holder, step);
      return;
    }
    if (Array.isArray(parent) && Number(step) > parent.length) {
      throw overrideError(
        file,
        text,
        `the list has ${parent.length} elements; the next position is ${parent.length}.`,
      );
    }
    const next = last ? value : (own(holder, step) ?? (value === undefined ? undefined : {}));
    // Not an assignment: `__proto__` must become a field like any other, for the schema to refuse.
    if (next !== undefined) {
      Object.defineProperty(holder, step, {
        value: next,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    parent = next;
  }
}

function startsWith(path: FieldPath, start: FieldPath): boolean {
  return start.every((step, at) => String(step) === String(path[at]));
}

function has(recipe: unknown, path: FieldPath): boolean {
  let value = recipe;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return true;
}

function own(holder: Record<string | number, unknown>, step: string | number): unknown {
  return Object.hasOwn(holder, step) ? holder[step] : undefined;
}

function overrideError(file: string, where: string, message: string, cause?: unknown): RecipeError {
  return new RecipeError('syntax', file, [{ where, message }], cause === undefined ? {} : { cause });
}
