import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRecord, sha } from '../../test/store/make-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { baselineSource } from './baseline.ts';
import { readJobEnvironment } from './environment.ts';
import type { InputName } from './input-definitions.ts';
import { readSettings } from './inputs.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { readRecipeFacts } from './recipe-facts.ts';
import { openSettingStore } from './record-store.ts';
import type { ActionContext, ActionResult } from './run-action.ts';
import { runAction } from './run-action.ts';

export const TOKEN = 'ghs_secret';
export const HEAD = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
export const NIGHT = '2026-03-01';
export const NEXT_NIGHT = '2026-03-02';

export interface RunOptions extends Partial<
  Pick<ActionContext, 'preflight' | 'readApproval' | 'makeRecord' | 'tonight' | 'baseline'>
> {
  readonly event?: string;
  readonly warnings?: string[];
  readonly expectsScores?: boolean;
  readonly grows?: boolean;
  readonly recipeHash?: string;
  /** Undefined: the real one. */
  readonly readRecipe?: undefined;
}

/** Paths in the folder that stands for the data branch. */
export function stored(workspace: string): string[] {
  return readdirSync(join(workspace, 'store'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .toSorted();
}

/** Of the night `NIGHT`. */
export function recordOf(commit: string): RunRecord {
  return makeRecord({}, { name: 'recipe', commit, createdAt: `${NIGHT}T02:00:00Z` });
}

/** What the child was given. */
export function given(workspace: string): unknown {
  return JSON.parse(readFileSync(join(workspace, 'out/given.json'), 'utf8'));
}

/** Runs the action on a pretended self-hosted runner with a program that does what the recipe says. */
export function runIn(
  workspace: string,
  recipe: { readonly files: Readonly<Record<string, string>>; readonly exitCode: number },
  inputs: Partial<Record<InputName, string>> = {},
  options: RunOptions = {},
): Promise<ActionResult> {
  writeFileSync(join(workspace, 'recipe.json'), JSON.stringify(recipe));
  const given: Partial<Record<InputName, string>> = {
    recipe: 'recipe.json',
    out: 'out',
    preflight: 'false',
    'github-token': TOKEN,
    ...inputs,
  };
  const event = options.event ?? 'pull-request';
  const env = {
    PATH: process.env['PATH'],
    HF_TOKEN: 'hub',
    'INPUT_GITHUB-TOKEN': TOKEN,
    GITHUB_TOKEN: TOKEN,
    GITHUB_REPOSITORY: 'octo/models',
    GITHUB_RUN_ID: '1',
    GITHUB_SHA: 'c'.repeat(40),
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: fileURLToPath(new URL(`../../test/github/events/${event}.json`, import.meta.url)),
    RUNNER_ENVIRONMENT: 'self-hosted',
  };
  const settings = readSettings((name) => given[name] ?? '', { workflow: 'CI', job: 'run' });
  const facts: RecipeFacts = {
    ...{ name: 'recipe', recordName: 'recipe', hash: options.recipeHash ?? sha('recipe') },
    ...{
      device: 'cpu',
      grows: options.grows ?? false,
      trains: true,
      reference: 'org/model',
      steps: 10,
      keepCheckpoints: 2,
      keepsBest: false,
    },
    evaluate: options.expectsScores
      ? {
          ...{ tasks: ['piqa'], limit: undefined, fewShot: undefined, addBos: undefined, data: undefined },
          ...{ protocol: 'lm-eval-0.4.13' as const, maxMemory: undefined },
        }
      : undefined,
  };
  const place = { workspace, env, token: '', sleep: () => Promise.resolve(), random: () => 0 };
  return runAction({
    settings,
    job: readJobEnvironment(env),
    env,
    workspace,
    cliPath: fileURLToPath(new URL('../../test/github/programs/run-recipe.mjs', import.meta.url)),
    mark: 'mark',
    hooks: { onStart: () => undefined, onStderr: () => undefined, onCancel: () => () => undefined },
    warn: (text) => options.warnings?.push(text),
    duringChild: (work) => work(),
    readRecipe: () =>
      'readRecipe' in options ? readRecipeFacts(settings, workspace) : Promise.resolve(facts),
    preflight: options.preflight ?? (() => Promise.reject(new Error('not asked for'))),
    readApproval: options.readApproval ?? (() => Promise.resolve({ state: 'notApproved' })),
    baseline:
      options.baseline ??
      ((recipeName) =>
        baselineSource({
          ...place,
          ...{ setting: settings.baseline, recipeName, headSha: HEAD, baseBranch: 'origin/main' },
        })),
    makeRecord:
      options.makeRecord ??
      (({ headSha }) => Promise.resolve({ state: 'made', record: recordOf(headSha) } as const)),
    store: (setting) => openSettingStore(setting, place),
    tonight: options.tonight ?? NIGHT,
    withProgress: (_, work) => work(),
  });
}
