import type { z } from 'zod';
import type { FieldPath } from './recipe-document.ts';
import { recipeJsonSchema } from './schema.ts';

/** A node of the recipe's JSON Schema; `unit`, `defaultText` and `typeText` come from the fields' `meta`. */
export type FieldSchema = z.core.JSONSchema.JSONSchema;

const root = recipeJsonSchema();

/** The schema of one field; `undefined` where the recipe has no such field. */
export function fieldSchema(path: FieldPath): FieldSchema | undefined {
  let node: FieldSchema | undefined = root;
  for (const step of path) {
    node =
      typeof step === 'number' ? elementSchema(node, step) : asNode(sectionSchema(node)?.properties?.[step]);
  }
  return node;
}

/** The allowed values in a few words, e.g. `whole number >= 1`; the same words in documentation and in errors. */
export function typeText(schema: FieldSchema): string {
  if (typeof schema['typeText'] === 'string') return schema['typeText'];
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) return anyOfText(schema.anyOf.map((one) => asNode(one) ?? {}));
  switch (schema.type) {
    case 'integer':
      return `whole number${rangeText(schema)}`;
    case 'number':
      return `number${rangeText(schema)}`;
    case 'boolean':
      return '`true`, `false`';
    case 'null':
      return 'null';
    case 'array':
      return listText(schema);
    case 'object':
      return `section with ${Object.keys(schema.properties ?? {}).join(', ')}`;
    default:
      return 'text';
  }
}

/** The fixed words a text field accepts, for suggestions. */
export function allowedWords(schema: FieldSchema): readonly string[] {
  const own = (schema.enum ?? []).filter((value) => typeof value === 'string');
  return [...own, ...(schema.anyOf ?? []).flatMap((one) => allowedWords(asNode(one) ?? {}))];
}

/** `train.betas[0]` */
export function pathText(path: FieldPath): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at > 0 ? `.${step}` : step))
    .join('');
}

/** A section, or the alternative of a field that is one. */
export function sectionSchema(schema: FieldSchema | undefined): FieldSchema | undefined {
  return [schema, ...(schema?.anyOf ?? [])].map(asNode).find((node) => node?.type === 'object');
}

/** One element of a list field. */
export function elementSchema(schema: FieldSchema | undefined, index: number): FieldSchema | undefined {
  const list = [schema, ...(schema?.anyOf ?? [])].map(asNode).find((node) => node?.type === 'array');
  if (list?.prefixItems !== undefined) return asNode(list.prefixItems[index]);
  return Array.isArray(list?.items) ? asNode(list.items[index]) : asNode(list?.items);
}

function asNode(node: unknown): FieldSchema | undefined {
  return typeof node === 'object' && node !== null ? (node as FieldSchema) : undefined;
}

function anyOfText(options: readonly FieldSchema[]): string {
  // Words and a pattern read as one list; different kinds of value are alternatives.
  const glue = options.every(({ type }) => type === 'string') ? ', ' : ' or ';
  return options.map(typeText).join(glue);
}

function listText(schema: FieldSchema): string {
  const { prefixItems } = schema;
  if (prefixItems !== undefined)
    return `list of ${prefixItems.length} (${typeText(asNode(prefixItems[0]) ?? {})})`;
  const element = elementSchema(schema, 0) ?? {};
  return element.type === 'object' ? 'list of sections' : `list of (${typeText(element)})`;
}

function rangeText(schema: FieldSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const bounds = [
    typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? `>= ${minimum}` : '',
    typeof exclusiveMinimum === 'number' ? `> ${exclusiveMinimum}` : '',
    typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? `<= ${maximum}` : '',
    typeof exclusiveMaximum === 'number' ? `< ${exclusiveMaximum}` : '',
  ].filter((bound) => bound !== '');
  return bounds.length > 0 ? ` ${bounds.join(' and ')}` : '';
}
