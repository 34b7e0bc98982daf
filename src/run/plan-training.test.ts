import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import { jobsFor } from './job-limits.ts';
import { KNOWN_CONFIGS } from './known-configs.ts';
import type { TrainingPlan } from './plan-training.ts';

const RECIPE = 'test/fixtures/recipes/plan-open-llama.yml';

/** Runs `inheritune plan` as a program of its own, where nothing can be fetched; the last line is its peak memory. */
async function plan(...args: string[]): Promise<{ output: string; peakBytes: number }> {
  const { stdout } = await execaNode(inRepository('test/support/run-cli-measured.ts'), ['plan', ...args], {
    nodeOptions: ['--import', 'tsx'],
    cwd: inRepository(''),
    env: { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HOME: join(tmpdir(), 'no-such-cache') },
  });
  const lines = stdout.split('\n');
  return { peakBytes: Number(lines.pop()), output: lines.join('\n') };
}

test('traces the 1.8B-parameter step of the paper in under 5 s and 1 GB, and shows how it fits 48 GB', async () => {
  const { output, peakBytes } = await plan(RECIPE, '--device', 'a6000', '--json');
  const { parameters, traceSeconds, totalFlopPerToken, devices } = JSON.parse(output) as TrainingPlan;
  expect(parameters).toBe(1_815_638_400);
  expect(traceSeconds).toBeLessThan(5);
  expect(peakBytes).toBeLessThan(1e9);
  expect(totalFlopPerToken).toBeCloseTo(11.3e9, -8);
  const [a6000] = devices;
  expect(devices).toHaveLength(1);
  expect(a6000!.fits).toBe(false);
  expect(a6000!.change?.set).toEqual({ 'train.recompute': 'block' });
  expect(a6000!.change?.neededBytes).toBeLessThan(48e9);
});

test('says how long 1B tokens take on an A6000, beside what the paper says', async () => {
  const { output } = await plan(RECIPE, '--device', 'a6000');
  expect(output).toContain('takes about two days');
  expect(output).toContain('"less than half a day"; that would take 169 % of the card\'s peak bfloat16 rate');
  expect(output).toContain('takes 3 jobs, 2 of them resumed; in jobs of up to 5 days, 1 job');
});

test('plans a folder that holds nothing but a config.json', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inheritune-plan-'));
  try {
    const config = KNOWN_CONFIGS.get('openai-community/gpt2-medium');
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const { output } = await plan(
      RECIPE,
      '--device',
      'h100',
      '--set',
      `reference.model=${folder}`,
      '--set',
      'train.sequenceLength=1024',
    );
    expect(output).toContain('13 blocks, 216,2');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['openlm-research/open_llama_3b', 3_426_473_600],
  ['openai-community/gpt2-medium', 354_823_168],
  ['openai-community/gpt2-large', 774_030_080],
  ['openai-community/gpt2-xl', 1_557_611_200],
  ['HuggingFaceTB/SmolLM2-135M', 134_515_008],
])('the config that ships for %s has the %i parameters of the published checkpoint', (id, parameters) => {
  expect(parameterCount(parseConfig(KNOWN_CONFIGS.get(id)!, id))).toBe(parameters);
});

test.each([
  [5, 0, 1, 1],
  [23, 1, 1, 1],
  [50, 2, 3, 1],
  [121, 3, 6, 2],
])('%i hours cross %i limits and make %i jobs of a day, %i of five', (hours, crossed, ofDay, ofFive) => {
  const need = jobsFor(hours);
  expect([need.crossed.length, need.jobsOf24Hours, need.jobsOf5Days]).toEqual([crossed, ofDay, ofFive]);
});
