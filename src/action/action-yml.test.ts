import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { INPUT_DEFAULTS } from './inputs.ts';
import { OUTPUTS } from './publish.ts';

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
    main: z.literal('dist/action/main.js'),
    post: z.literal('dist/action/post.js'),
    'post-if': z.literal('always()'),
  }),
});
const action = actionSchema.parse(parse(text));

describe('action.yml and the code', () => {
  it('name the same inputs', () => {
    expect(Object.keys(action.inputs).toSorted()).toEqual(Object.keys(INPUT_DEFAULTS).toSorted());
  });

  it('give them the same defaults', () => {
    const stated = Object.fromEntries(
      Object.entries(action.inputs).map(([name, input]) => [name, input.default]),
    );
    // The token's default is an expression that only the runner can evaluate.
    expect(stated).toEqual({ ...INPUT_DEFAULTS, 'github-token': '${{ github.token }}' });
  });

  it('require the same inputs', () => {
    for (const [name, input] of Object.entries(action.inputs)) {
      expect([name, input.required ?? false]).toEqual([name, input.default === undefined]);
    }
  });

  it('name the same outputs', () => {
    expect(Object.keys(action.outputs).toSorted()).toEqual(OUTPUTS.toSorted());
  });

  it('have a source for every program that the runner starts', () => {
    for (const program of [action.runs.main, action.runs.post]) {
      const source = program.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts');
      expect(existsSync(new URL(source, root))).toBe(true);
    }
  });
});
