import { execa } from 'execa';

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitRunner {
  /** Never throws for a command that fails; `input` goes to its standard input. */
  (args: readonly string[], input?: string): Promise<GitResult>;
}

/**
 * Runs git in one repository, never asking a person and never in the caller's language.
 * @param gitDir the bare repository; undefined for the one around `cwd`
 */
export function gitRunner(options: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly gitDir?: string;
}): GitRunner {
  const { cwd, gitDir } = options;
  // A hook's or a parent git's own variables would point at another repository.
  const inherited = Object.entries(options.env).filter(
    ([name]) =>
      !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|PREFIX|QUARANTINE_PATH)$/.test(
        name,
      ),
  );
  const env = { ...Object.fromEntries(inherited), GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
  return async (args, input) => {
    const { exitCode, stdout, stderr, cause } = await execa(
      'git',
      [...(gitDir === undefined ? [] : [`--git-dir=${gitDir}`]), ...args],
      {
        cwd,
        env,
        extendEnv: false,
        reject: false,
        stripFinalNewline: false,
        maxBuffer: 1e9,
        input: input ?? '',
      },
    );
    const reason = exitCode === undefined && cause instanceof Error ? cause.message : '';
    return { exitCode: exitCode ?? -1, stdout, stderr: stderr + reason };
  };
}

/**
 * The environment with a token for one server: as an HTTP header in git's configuration by environment (git 2.31), as
 * `actions/checkout` does it in a file. It is in no argument, no remote's address and no file.
 */
export function withToken(
  env: Readonly<Record<string, string | undefined>>,
  remoteUrl: string,
  token: string | undefined,
): Record<string, string | undefined> {
  if (token === undefined || token === '' || !/^https?:/.test(remoteUrl)) return { ...env };
  const count = Number(env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64');
  const key = `http.${new URL(remoteUrl).origin}/.extraheader`;
  return {
    ...env,
    GIT_CONFIG_COUNT: String(count + 2),
    // An empty value first takes away what the checkout's own configuration has: two such headers are refused.
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: '',
    [`GIT_CONFIG_KEY_${count + 1}`]: key,
    [`GIT_CONFIG_VALUE_${count + 1}`]: `AUTHORIZATION: basic ${credentials}`,
  };
}

/** What git and servers answer where another push came first, from `remote rejected` to a lock on the reference. */
export function isRace(stderr: string): boolean {
  return /fetch first|non-fast-forward|stale info|cannot lock ref|failed to update ref|reference already exists|incorrect old value|failed to lock/.test(
    stderr,
  );
}

/** The line that says what is wrong; hints and advice around it are left out. */
export function lastLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('hint:'));
  return (
    lines.find((line) => /^(fatal|error|remote: error)|rejected/.test(line.trim())) ??
    lines.at(-1) ??
    'nothing'
  )
    .trim()
    .slice(0, 300);
}
