import { z } from 'zod';
import { dataFields } from './data-fields.ts';
import { evaluateFields } from './evaluate-fields.ts';
import { rule } from './field-helpers.ts';
import { growFields } from './grow-fields.ts';
import { inheritFields } from './inherit-fields.ts';
import { referenceFields } from './reference-fields.ts';
import { trainFields } from './train-fields.ts';

/** The one definition of every option; types, JSON Schema, documentation and overrides come from it. */
export const recipeSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
      .exactOptional()
      .meta({
        description: 'Name of the run in reports.',
        typeText: 'letters, digits, dots, dashes, underscores',
        defaultText: "the recipe file's name",
      }),
    device: z.enum(['auto', 'cpu', 'cuda']).default('auto').meta({
      description: '`auto` uses a GPU where there is one.',
    }),
    reference: referenceFields,
    inherit: inheritFields.exactOptional(),
    data: dataFields.exactOptional(),
    train: trainFields.exactOptional(),
    grow: growFields.exactOptional(),
    evaluate: evaluateFields.exactOptional(),
  })
  .check(
    rule(
      ({ train, inherit }) => train === undefined || inherit !== undefined,
      ['train'],
      'train is given without inherit; add `inherit: { layers: … }` to say which blocks the model starts with.',
    ),
    rule(
      ({ train, data }) => train === undefined || data !== undefined,
      ['train'],
      'train is given without data; add `data: { tokens: … }` or `data: { sources: … }`.',
    ),
    rule(
      ({ train, data }) => !validates(train) || data === undefined || hasValidation(data),
      ['train', 'validateEvery'],
      'train.validateEvery needs validation data; give data.validation or data.validationTokens, or set it to 0.',
    ),
  )
  .check(
    rule(
      ({ grow, train }) => grow === undefined || (train !== undefined && !isRandom(train)),
      ['grow'],
      'grow needs a train section whose initialise is inherited; add one, and ask for random weights with grow.baselines.',
    ),
    rule(
      ({ grow, data }) => grow === undefined || data === undefined || hasValidation(data),
      ['grow'],
      'grow compares validation losses; give data.validation or data.validationTokens.',
    ),
    rule(
      ({ grow, inherit }) =>
        grow === undefined || !isRecord(inherit) || typeof inherit['layers'] === 'number',
      ['inherit', 'layers'],
      'with grow, inherit.layers is the number of blocks of the first round; give a number.',
    ),
    rule(
      ({ reference, train }) => !isRandom(reference) || train !== undefined,
      ['reference', 'initialise'],
      'reference.initialise is random and there is no train section to train it with; add one.',
    ),
  )
  .meta({ title: 'inheritune recipe', description: 'A run of inheritune.' });

/** A recipe as written, defaults not yet filled in (except the name). */
export type RecipeInput = z.input<typeof recipeSchema>;

/** A checked recipe with all defaults. Paths are as written; see `resolveRecipePaths`. */
export type Recipe = z.output<typeof recipeSchema> & { name: string };

export type InheritSection = NonNullable<Recipe['inherit']>;
/** Blocks that are chosen by a score. */
export type LayerSelection = Extract<InheritSection['layers'], { select: unknown }>;
export type DataSection = NonNullable<Recipe['data']>;
export type TextSource = NonNullable<DataSection['sources']>[number];
export type TrainSection = NonNullable<Recipe['train']>;
export type OptimizerSection = TrainSection['optimizer'];
export type GrowSection = NonNullable<Recipe['grow']>;
export type EvaluateSection = NonNullable<Recipe['evaluate']>;

/** How long to train, as the one of three fields that is given. */
export type TrainLength =
  | { readonly kind: 'steps'; readonly steps: number }
  | { readonly kind: 'tokens'; readonly tokens: number }
  | { readonly kind: 'epochs'; readonly epochs: number };

/** The length of a checked train section. */
export function trainLength(train: TrainSection): TrainLength {
  if (train.steps !== undefined) return { kind: 'steps', steps: train.steps };
  if (train.tokens !== undefined) return { kind: 'tokens', tokens: train.tokens };
  if (train.epochs !== undefined) return { kind: 'epochs', epochs: train.epochs };
  throw new TypeError('a train section that passed the schema has a length');
}

/** Draft 2020-12 JSON Schema of a recipe as written, e.g. for completion in editors. */
export function recipeJsonSchema(): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(recipeSchema, { io: 'input' });
}

function validates(train: unknown): boolean {
  return isRecord(train) && Number(train['validateEvery']) > 0;
}

function hasValidation(data: unknown): boolean {
  return isRecord(data) && (data['validation'] !== undefined || Number(data['validationTokens']) > 0);
}

function isRandom(section: unknown): boolean {
  return isRecord(section) && section['initialise'] === 'random';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
