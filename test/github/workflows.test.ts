import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = new URL('../../.github/workflows/', import.meta.url);

const step = z.looseObject({
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
    z.looseObject({
      'timeout-minutes': z.number(),
      permissions: z.record(z.string(), z.string()),
      steps: z.array(step),
    }),
  ),
});

describe.each(readdirSync(folder))('%s', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  const { permissions, jobs } = workflow.parse(parse(text));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('gives nothing by default, and writes only where it says why', () => {
    expect(permissions).toEqual({});
    const writing = text.split('\n').filter((line) => /: write/.test(line));
    for (const line of writing) expect(line).toMatch(/: write # \S/);
  });

  it('pins every action of others by commit and names its version', () => {
    for (const line of text.split('\n').filter((candidate) => /\buses:/.test(candidate))) {
      expect(line).toMatch(/uses: (\.\/ #|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/);
    }
  });

  it('leaves no credentials in the checkout', () => {
    for (const { uses, with: inputs } of steps.filter((each) => each.uses?.startsWith('actions/checkout@'))) {
      expect([uses, inputs?.['persist-credentials']]).toEqual([uses, false]);
    }
  });

  it('puts no expression into a script', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });
});
