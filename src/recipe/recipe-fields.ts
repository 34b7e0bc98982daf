import { elementSchema, fieldSchema, sectionSchema, typeText, type FieldSchema } from './field-schema.ts';

/** One option of a recipe, as documentation, command line and action inputs show it. */
export interface RecipeField {
  /** `train.optimizer.learningRate`; `data.sources[].path` for fields of list elements. */
  readonly path: string;
  readonly type: string;
  /** Default as YAML, or in words where it depends on other fields; `undefined` for a field that must be given. */
  readonly defaultText: string | undefined;
  readonly unit: string | undefined;
  readonly description: string;
  /** Whether other fields stand below it. */
  readonly isSection: boolean;
}

/** All options in the order of the schema, a section before its fields. */
export function recipeFields(): RecipeField[] {
  return fieldsBelow(fieldSchema([]) ?? {}, '');
}

function fieldsBelow(parent: FieldSchema, prefix: string): RecipeField[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, node]) => {
    if (typeof node === 'boolean') return [];
    const path = prefix + name;
    const element = node.type === 'array' ? elementSchema(node, 0) : undefined;
    const section = sectionSchema(node);
    const below =
      section !== undefined
        ? fieldsBelow(section, `${path}.`)
        : element?.type === 'object'
          ? fieldsBelow(element, `${path}[].`)
          : [];
    const field = {
      path,
      type: node.type === 'object' ? 'section' : typeText(node),
      defaultText: defaultText(node, parent.required?.includes(name) ?? false),
      unit: typeof node['unit'] === 'string' ? node['unit'] : undefined,
      description: node.description ?? '',
      isSection: below.length > 0,
    };
    return [field, ...below];
  });
}

function defaultText(node: FieldSchema, required: boolean): string | undefined {
  if (typeof node['defaultText'] === 'string') return node['defaultText'];
  if (node.type === 'object')
    return required ? undefined : node.default === undefined ? 'none' : 'that of its fields';
  if (node.default !== undefined) return yamlText(node.default);
  return required ? undefined : 'none';
}

function yamlText(value: unknown): string {
  return Array.isArray(value) ? `\`[${value.map(String).join(', ')}]\`` : `\`${String(value)}\``;
}
