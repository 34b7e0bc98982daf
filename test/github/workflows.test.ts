import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = new URL('../../.github/workflows/', import.meta.url);

const step = z.looseObject({
  id: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const workflow = z.looseObject({
  name: z.string(),
  permissions: z.record(z.string(), z.string()),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(
    z.string(),
    z.union([
      z.looseObject({
        // A reusable workflow lets its caller choose.
        'timeout-minutes': z.union([z.number(), z.string().regex(/^\$\{\{ inputs\.[\w-]+ \}\}$/)]),
        permissions: z.record(z.string(), z.string()),
        steps: z.array(step),
      }),
      // A job that calls another workflow of this repository.
      z
        .looseObject({
          uses: z.string().startsWith('./.github/workflows/'),
          permissions: z.record(z.string(), z.string()),
        })
        .transform((job) => ({ ...job, steps: [] as z.output<typeof step>[] })),
    ]),
  ),
});

describe.each(readdirSync(folder))('%s', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8')
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n');
  const { permissions, jobs } = workflow.parse(parse(text));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('gives nothing by default, and writes only where it says why', () => {
    expect(permissions).toEqual({});
    const writing = text.split('\n').filter((line) => /: write/.test(line));
    for (const line of writing) expect(line).toMatch(/: write # \S/);
  });

  it('pins every action of others by commit and names its version', () => {
    for (const line of text.split('\n').filter((candidate) => /\buses:/.test(candidate))) {
      expect(line).toMatch(
        /uses: (\.\/(\.inheritune-action|\.github\/workflows\/\w+\.yml)? #|[\w-]+(\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/,
      );
    }
  });

  it('leaves no credentials in the checkout', () => {
    for (const { uses, with: inputs } of steps.filter((each) => each.uses?.startsWith('actions/checkout@'))) {
      expect([uses, inputs?.['persist-credentials']]).toEqual([uses, false]);
    }
  });

  it('writes contents only where no code of a change is run', () => {
    for (const [name, { permissions: own, steps: all }] of Object.entries(jobs)) {
      if (own['contents'] !== 'write') continue;
      const stages = all.flatMap(({ with: inputs }) => inputs?.['stages'] ?? []);
      expect([name, stages]).toEqual([name, file === 'record.yml' ? ['record'] : []]);
    }
  });

  it('puts no expression into a script', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });
});

describe('the checkpoint of a training that did not end', () => {
  const { jobs } = workflow.parse(parse(readFileSync(new URL('inheritune.yml', folder), 'utf8')));
  const steps = jobs['train']?.steps ?? [];
  const at = (name: string): number =>
    steps.findIndex(({ uses }) => uses?.startsWith(`actions/cache/${name}@`));
  const [restore, save] = [steps[at('restore')], steps[at('save')]];
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');

  it('is saved after the training also where that failed or the job was cancelled, and not where it ended', () => {
    const train = steps.findIndex(({ id }) => id === 'train');
    expect([at('restore') < train, train < at('save')]).toEqual([true, true]);
    expect(save?.['if']).toMatch(
      /^always\(\) && .*!contains\(.*"succeeded".*hashFiles\(.*checkpoints\/step-\*\/state\.json/,
    );
  });

  it('is found by the next run of the recipe: the same paths, and a key of which the run is the last part', () => {
    expect(text(restore?.with?.['path'])).toBe(text(save?.with?.['path']));
    const key = text(save?.with?.['key']);
    expect(restore?.with?.['key']).toBe(key);
    const prefix = text(restore?.with?.['restore-keys']);
    expect(key).toBe(`${prefix}\${{ github.run_id }}-\${{ github.run_attempt }}`);
    expect(prefix).toMatch(/matrix\.variant\.name .*hashFiles\(matrix\.variant\.recipe\)/);
  });
});

const hasJq = spawnSync('jq', ['--version']).status === 0;

describe.skipIf(!hasJq)("the reusable workflow's plan", () => {
  const { jobs } = workflow.parse(parse(readFileSync(new URL('inheritune.yml', folder), 'utf8')));
  const script = jobs['plan']?.steps[0]?.run ?? '';

  it('multiplies recipes, layers and seeds, and names every variant', () => {
    const { variants, shards } = plan({
      RECIPES: '["recipes/small.yml"]',
      LAYERS: '[13,16]',
      SEEDS: '[1]',
      SHARDS: '3',
    });
    expect(variants).toEqual([
      { recipe: 'recipes/small.yml', set: 'inherit.layers=13\ntrain.seed=1', name: 'small.layers-13.seed-1' },
      { recipe: 'recipes/small.yml', set: 'inherit.layers=16\ntrain.seed=1', name: 'small.layers-16.seed-1' },
    ]);
    expect(shards).toEqual([1, 2, 3]);
  });

  it('leaves to the recipe what is not given', () => {
    expect(plan({ RECIPES: '["a b;$(x).yaml"]', LAYERS: '[]', SEEDS: '[]', SHARDS: '1' }).variants).toEqual([
      { recipe: 'a b;$(x).yaml', set: '', name: 'a-b-x-' },
    ]);
  });

  it('gives no name that begins with a dot or a hyphen', () => {
    expect(plan({ RECIPES: '["../-a.yml"]', LAYERS: '[]', SEEDS: '[]', SHARDS: '1' }).variants).toMatchObject(
      [{ name: 'a' }],
    );
    expect(() => plan({ RECIPES: '["(-).yml"]', LAYERS: '[]', SEEDS: '[]', SHARDS: '1' })).toThrow(
      'no letter or digit',
    );
  });

  it.each([
    [{ RECIPES: '[]' }, 'recipes is empty'],
    [{ RECIPES: '["a.yml","b/a.yml"]' }, 'two variants have the same name'],
    [{ SHARDS: '257' }, 'a matrix has at most 256 jobs'],
    [{ LAYERS: '13,16' }, 'invalid JSON'],
  ])('refuses %j', (change, message) => {
    expect(() => plan({ RECIPES: '["a.yml"]', LAYERS: '[]', SEEDS: '[]', SHARDS: '1', ...change })).toThrow(
      message,
    );
  });

  function plan(env: Readonly<Record<string, string>>): Record<string, unknown> {
    const temporary = mkdtempSync(join(tmpdir(), 'inheritune-plan-'));
    try {
      const output = join(temporary, 'output');
      writeFileSync(output, '');
      const PATH = process.env['PATH'] ?? '';
      const result = spawnSync('bash', ['-e', '-c', script], {
        encoding: 'utf8',
        env: { ...env, PATH, GITHUB_OUTPUT: output },
      });
      if (result.status !== 0) throw new Error(result.stderr);
      const lines = readFileSync(output, 'utf8').trim().split('\n');
      return Object.fromEntries(
        lines.map((line) => [
          line.slice(0, line.indexOf('=')),
          JSON.parse(line.slice(line.indexOf('=') + 1)),
        ]),
      );
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
});
