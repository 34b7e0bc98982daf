import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';
import { silentProgress } from '../progress.ts';
import { loadRecipe } from '../recipe/load-recipe.ts';
import { requireSections } from '../recipe/required-sections.ts';
import { planTraining } from './plan-training.ts';
import type { TrainingPlan } from './plan-training.ts';

/** Recipes that run for days: each says in its comments what `plan` says, which this test holds it to. */
const RECIPES = [
  'openllama-3b-1b-tokens',
  'openllama-3b-8-epochs',
  'openllama-3b-published-code',
  'gpt2-medium-openwebtext',
  'gpt2-large-openwebtext',
];
/** The comments are rounded; what a change of the graph or of the cost model does to the numbers is more than this. */
const TOLERANCE = 0.02;

async function planned(file: string, change: readonly string[] = []): Promise<TrainingPlan> {
  const loaded = await loadRecipe(inRepository(file), { overrides: change });
  return planTraining(
    requireSections(loaded, 'plan', ['inherit', 'train']),
    {
      ...{ cwd: inRepository(''), env: {}, progress: silentProgress, signal: new AbortController().signal },
      ...{ places: {}, version: '0.0.0-test', engine: () => Promise.reject(new Error('not needed')) },
    },
    'a6000',
  );
}

/** The numbers of the first place in `text` that matches. */
function numbers(text: string, pattern: RegExp): number[] {
  const match = pattern.exec(text);
  expect(match, `no comment matches ${pattern}`).not.toBeNull();
  return match!.slice(1).map(Number);
}

function expectClose(said: readonly number[], planned: readonly number[]): void {
  const off = said.map((value, i) => Math.abs(value / planned[i]! - 1));
  expect(Math.max(...off), `comment ${said.join(', ')}; plan ${planned.join(', ')}`).toBeLessThan(TOLERANCE);
}

test.each(RECIPES)(
  'recipes/%s.yml says what plan says',
  async (name) => {
    const file = `recipes/${name}.yml`;
    const text = (await readFile(inRepository(file), 'utf8')).replaceAll(/\n# /g, ' ');
    const { devices, totalFlopPerToken, steps, tokensPerStep, recompute } = await planned(file);
    const { memory, hours } = devices[0]!;
    expectClose(
      numbers(
        text,
        /plan` says for an RTX A6000: ([\d.]+) GB, ([\d.e+]+) FLOP, ([\d.]+) h \(([\d.]+) to ([\d.]+)\)/,
      ),
      [
        ...[memory.neededBytes / 1e9, steps! * tokensPerStep * totalFlopPerToken],
        ...[hours!.typical, hours!.high, hours!.low],
      ],
    );
    if (recompute === 'none') return;
    const without = await planned(file, ['train.recompute=none']);
    expectClose(numbers(text, /without it ([\d.]+) GB and ([\d.]+) % less arithmetic/), [
      without.devices[0]!.memory.neededBytes / 1e9,
      100 * (1 - without.totalFlopPerToken / totalFlopPerToken),
    ]);
  },
  60_000,
);

test('docs/plan.md says what plan says', async () => {
  const text = await readFile(inRepository('docs/plan.md'), 'utf8');
  const said = numbers(
    text.replaceAll('\n', ' '),
    /is ([\d.]+) GFLOP a token: ([\d.e+]+) FLOP .* takes ([\d.]+) hours at full use .*\((\d+) hours\) at 40 %.* would be (\d+) % .* says ([\d.]+) GB, without it ([\d.]+)\. Recomputing whole blocks would take ([\d.]+) GB/,
  );
  const plans = [];
  for (const recompute of ['none', 'attention', 'block'])
    plans.push(await planned('recipes/openllama-3b-1b-tokens.yml', [`train.recompute=${recompute}`]));
  const [none, attention, block] = plans.map(({ devices }) => devices[0]!);
  const { totalFlopPerToken, steps, tokensPerStep } = plans[0]!;
  expectClose(said, [
    ...[totalFlopPerToken / 1e9, totalFlopPerToken * steps! * tokensPerStep],
    ...[none!.hours!.typical * none!.utilisation.typical, none!.hours!.typical],
    100 * none!.paperClaim!.neededUtilisation,
    ...[attention!, none!, block!].map(({ memory }) => memory.neededBytes / 1e9),
  ]);
}, 60_000);
