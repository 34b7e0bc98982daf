import { execa } from 'execa';
import { GROUP_MARK_VARIABLE } from './process-group.ts';
import type { BaselineSetting, Settings } from './inputs.ts';
import { recipeOverrides } from './recipe-facts.ts';

export interface RecordRunContext {
  readonly settings: Pick<
    Settings,
    'recipe' | 'out' | 'overrides' | 'dataDir' | 'cacheDir' | 'record' | 'token'
  >;
  readonly headSha: string;
  readonly workspace: string;
  readonly cliPath: string;
  /** Without the job's tokens. */
  readonly env: Readonly<Record<string, string>>;
  readonly mark: string;
}

/** Hashing a large reference and pushing a file; a busy branch is tried again and again within this. */
const TIMEOUT_MS = 30 * 60_000;

/**
 * Adds the record of the run in `out` to the store. The command computes nothing and runs no code of the change, so it alone gets
 * the token, in its environment.
 * @returns what went wrong, or undefined
 */
export async function recordRun(context: RecordRunContext): Promise<string | undefined> {
  const { settings, headSha, workspace, cliPath, env, mark } = context;
  const store = storeName(settings.record);
  if (store === undefined) return undefined;
  const sets = recipeOverrides(settings).flatMap((override) => ['--set', override]);
  const args = [
    'record',
    settings.out,
    '--recipe',
    settings.recipe,
    '--store',
    store,
    '--commit',
    headSha,
    ...sets,
  ];
  const places = settings.cacheDir === undefined ? [] : ['--cache-dir', settings.cacheDir];
  const child = await execa(process.execPath, [cliPath, ...args, ...places], {
    cwd: workspace,
    env: { ...env, [GROUP_MARK_VARIABLE]: mark, INHERITUNE_STORE_TOKEN: settings.token },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
  });
  if (child.exitCode === 0) return undefined;
  const said = child.stderr.trimEnd().split('\n').at(-1) ?? '';
  return said === '' ? (child.shortMessage ?? 'the command ended without a word') : said;
}

function storeName(setting: BaselineSetting): string | undefined {
  if (setting.kind === 'none') return undefined;
  return setting.kind === 'branch' ? `branch:${setting.branch}` : setting.path;
}
