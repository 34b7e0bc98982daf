import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { definitionTable, withDefinitionTables } from './document-inputs.ts';
import type { InputDefinition } from './input-definitions.ts';
import { INPUTS } from './input-definitions.ts';
import { readSettings } from './inputs.ts';
import { OUTPUTS } from './output-definitions.ts';
import { recipeFields } from '../recipe/recipe-fields.ts';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('action.yml', root), 'utf8');

/** The runner takes a misspelt key for nothing; here it is refused. */
const inputSchema = z.strictObject({
  description: z.string().min(1),
  required: z.boolean().optional(),
  default: z.string().optional(),
});
const actionSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(z.string(), inputSchema),
  outputs: z.record(z.string(), z.strictObject({ description: z.string().min(1) })),
  runs: z.strictObject({
    using: z.literal('node24'),
    pre: z.literal('dist/action/pre.js'),
    main: z.literal('dist/action/main.js'),
    post: z.literal('dist/action/post.js'),
    'post-if': z.literal('always()'),
  }),
});
const action = actionSchema.parse(parse(text));

const definitions: readonly InputDefinition[] = INPUTS;
const page = fileURLToPath(new URL('docs/action.md', root));

describe('action.yml and the code', () => {
  it('have the same inputs, in the same order and words', () => {
    expect(Object.entries(action.inputs)).toEqual(
      definitions.map(({ name, description, default: preset }) => [
        name,
        preset === undefined ? { description, required: true } : { description, default: preset },
      ]),
    );
  });

  it('have the same outputs, in the same order and words', () => {
    expect(Object.entries(action.outputs)).toEqual(
      OUTPUTS.map(({ name, description }) => [name, { description }]),
    );
  });

  it('read every input and no other', () => {
    const read = new Set<string>();
    const reader = (name: string): string => {
      read.add(name);
      return name === 'recipe' ? 'recipe.yml' : '';
    };
    readSettings(reader, { workflow: '', job: '' });
    expect([...read].toSorted()).toEqual(definitions.map(({ name }) => name).toSorted());
  });

  it('have a source for every program that the runner starts', () => {
    for (const program of [action.runs.pre, action.runs.main, action.runs.post]) {
      const source = program.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts');
      expect(existsSync(new URL(source, root))).toBe(true);
    }
  });
});

describe('the command line and the recipe', () => {
  const commands = readdirSync(new URL('src/cli/commands/', root)).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const sources = [
    readFileSync(new URL('src/cli/cli.ts', root), 'utf8'),
    ...commands.map((file) => readFileSync(new URL(`src/cli/commands/${file}`, root), 'utf8')),
  ].join('\n');

  it.each(definitions.flatMap(({ name, flag }) => (flag === undefined ? [] : [[name, flag] as const])))(
    'know the option of the input %s: %s',
    (_, flag) => {
      expect(sources).toMatch(new RegExp(`['"]${flag} <`));
    },
  );

  it.each(
    definitions.flatMap(({ name, recipeField }) =>
      recipeField === undefined ? [] : [[name, recipeField] as const],
    ),
  )('know the field of the input %s: %s', (_, field) => {
    expect(recipeFields().map(({ path }) => path)).toContain(field);
  });
});

describe('docs/action.md', () => {
  it('holds the tables of the definitions (after a change: vitest run src/action/action-yml -u)', async () => {
    await expect(withDefinitionTables(readFileSync(page, 'utf8'))).toMatchFileSnapshot(page);
  });

  it('has a row for every input', () => {
    expect(definitionTable('action-inputs').split('\n')).toHaveLength(definitions.length + 2);
  });

  it('is refused without markers', () => {
    expect(() => withDefinitionTables('# The action')).toThrow(/needs the lines/);
  });
});
