import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { parseConfig } from '../model/config.ts';
import { parameterCount } from '../model/parameters.ts';
import { jobsFor } from './job-limits.ts';
import { loadRecipe } from '../recipe/load-recipe.ts';
import { requireSections } from '../recipe/required-sections.ts';
import { silentProgress } from '../progress.ts';
import { KNOWN_CONFIGS } from './known-configs.ts';
import type { TrainingPlan } from './plan-training.ts';
import { plannedShape } from './planned-shape.ts';
import { TrainingCost } from './training-cost.ts';

const RECIPE = 'recipes/openllama-3b-1b-tokens.yml';

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

test('the shipped recipe fits a 48 GB card, planned in 1 GB', async () => {
  const { output, peakBytes } = await plan(RECIPE, '--device', 'a6000', '--json');
  const { parameters, totalFlopPerToken, recompute, devices } = JSON.parse(output) as TrainingPlan;
  expect(parameters).toBe(1_815_638_400);
  expect(peakBytes).toBeLessThan(1e9);
  expect(recompute).toBe('attention');
  expect(totalFlopPerToken / 11.5e9).toBeCloseTo(1, 1);
  expect(devices).toHaveLength(1);
  expect(devices[0]).toMatchObject({ fits: true, memoryBytes: 48e9 });
  expect(devices[0]!.memory.neededBytes).toBeLessThan(48e9);
});

test('without recomputation it does not fit a 40 GB card, and the plan says what to set', async () => {
  const { output } = await plan(RECIPE, '--device', 'a100-40', '--set', 'train.recompute=none');
  expect(output).toContain('A100 40 GB: does not fit');
  expect(output).toMatch(/it fits, at 3\d\.\d GB, with --set train\.recompute=block/);
});

test('the 1.8B-parameter step is traced in less than 5 s of a processor', async () => {
  const loaded = await loadRecipe(inRepository(RECIPE));
  const { shape } = await plannedShape(requireSections(loaded, 'plan', ['inherit', 'train']), {
    ...{ cwd: inRepository(''), env: {}, progress: silentProgress, signal: new AbortController().signal },
    ...{ places: {}, version: '0.0.0-test', engine: () => Promise.reject(new Error('not needed')) },
  });
  const before = process.cpuUsage();
  const cost = new TrainingCost(shape);
  const { user, system } = process.cpuUsage(before);
  expect(cost.work().totalFlop).toBeGreaterThan(64 * 2048 * 11e9);
  expect((user + system) / 1e6).toBeLessThan(5);
});

test('says how long 1B tokens take on an A6000, beside what the paper says', async () => {
  const { output } = await plan(RECIPE, '--device', 'a6000');
  expect(output).toContain('this training takes about two days');
  expect(output).toMatch(/"less than half a day"; that would take 1\d\d % of the card's peak bfloat16 rate/);
  expect(output).toContain('the 24 h that GITHUB_TOKEN lives');
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
