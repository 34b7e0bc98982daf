import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InherituneError } from '../errors.ts';
import { listGpus } from '../engine/device.ts';
import { parseRunRecord } from '../store/run-record.ts';
import type { RunRecord } from '../store/run-record.ts';
import { GROUP_MARK_VARIABLE } from './process-group.ts';
import type { Settings } from './inputs.ts';
import type { RecipeFacts } from './recipe-facts.ts';
import { recipeOverrides } from './recipe-facts.ts';

export interface MakeRecordContext {
  readonly settings: Pick<Settings, 'recipe' | 'out' | 'overrides' | 'dataDir' | 'cacheDir'>;
  readonly recipe: Pick<RecipeFacts, 'recordName' | 'device'>;
  readonly headSha: string;
  readonly workspace: string;
  readonly cliPath: string;
  /** Without the job's tokens. */
  readonly env: Readonly<Record<string, string>>;
  readonly mark: string;
}

/** The record of a run, or why there is none. */
export type MadeRecord =
  | { readonly state: 'made'; readonly record: RunRecord }
  | { readonly state: 'failed'; readonly reason: string };

/** In the run's folder. */
export const RECORD_FILE = 'record.json';
/** Hashing a large reference takes a minute or two. */
const TIMEOUT_MS = 30 * 60_000;

/**
 * Makes the record of the finished run in `out`, and leaves it there. The command reads what the run left, so it gets no token;
 * what it writes is checked here like any other record.
 */
export async function makeRecord(context: MakeRecordContext): Promise<MadeRecord> {
  const { settings, recipe, headSha, workspace, cliPath, env, mark } = context;
  const file = join(settings.out, RECORD_FILE);
  const sets = [...recipeOverrides(settings), `name=${JSON.stringify(recipe.recordName)}`];
  const args = [
    ...['record', settings.out, '--recipe', settings.recipe, '--commit', headSha, '--out', file],
    ...sets.flatMap((set) => ['--set', set]),
    ...(settings.cacheDir === undefined ? [] : ['--cache-dir', settings.cacheDir]),
  ];
  const child = await execa(process.execPath, [cliPath, ...args], {
    cwd: workspace,
    env: { ...env, [GROUP_MARK_VARIABLE]: mark },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
  });
  if (child.exitCode !== 0) {
    const said = child.stderr.trimEnd().split('\n').at(-1) ?? '';
    return {
      state: 'failed',
      reason: said === '' ? (child.shortMessage ?? 'the command ended without a word') : said,
    };
  }
  try {
    const record = parseRunRecord(await readFile(resolve(workspace, file), 'utf8'), file);
    return { state: 'made', record: await withMachine(record, recipe, env) };
  } catch (error) {
    if (error instanceof InherituneError || (error instanceof Error && 'code' in error))
      return { state: 'failed', reason: error.message };
    throw error;
  }
}

/** A run that evaluated nothing says nowhere what it was trained on; one that took its training over was not trained here. */
async function withMachine(
  record: RunRecord,
  { device }: Pick<RecipeFacts, 'device'>,
  env: Readonly<Record<string, string>>,
): Promise<RunRecord> {
  const { environment, training, reusedFrom, cost } = record;
  if (environment['device'] !== undefined) return record;
  const [gpu] = device === 'cpu' ? [] : await listGpus(env);
  const machine = {
    trainingDevice: gpu?.name ?? 'cpu',
    ...(gpu?.driver === undefined ? {} : { trainingDriver: gpu.driver }),
  };
  const isTrainedHere = training !== null && reusedFrom?.['train'] === undefined;
  return {
    ...record,
    environment: isTrainedHere ? { ...environment, ...machine } : environment,
    cost: gpu === undefined ? { ...cost, gpuMinutes: 0 } : cost,
  };
}
