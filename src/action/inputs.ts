import { COMMENT_KEY } from '../github/comment-marker.ts';
import { ActionError } from './action-error.ts';

const DEVICES = ['auto', 'cpu', 'cuda'] as const;
const COMMENT_MODES = ['auto', 'always', 'never'] as const;

export type Device = (typeof DEVICES)[number];
export type CommentMode = (typeof COMMENT_MODES)[number];

/** The action's inputs, validated. */
export interface Settings {
  readonly recipe: string;
  readonly out: string;
  readonly device: Device;
  readonly cacheDir: string | undefined;
  readonly nativeDir: string | undefined;
  readonly comment: CommentMode;
  readonly commentKey: string;
  readonly allowForks: boolean;
  /** Empty where the workflow gives none: then nothing is written to GitHub. */
  readonly token: string;
  /** Undefined: the job's own limit applies. */
  readonly timeoutMs: number | undefined;
}

/** Every input with its default, as in `action.yml`; the runner enforces neither `required` nor spelling. */
export const INPUT_DEFAULTS = {
  recipe: undefined,
  out: 'runs/action',
  device: 'auto',
  'cache-dir': '',
  'native-dir': '',
  comment: 'auto',
  'comment-key': '',
  'allow-forks': 'false',
  'github-token': '',
  'timeout-minutes': '0',
} as const;

export type InputName = keyof typeof INPUT_DEFAULTS;

/** setTimeout counts in 31 bits of milliseconds; GitHub ends a job on a self-hosted runner after 5 days. */
const MAX_TIMEOUT_MINUTES = 5 * 24 * 60;

/**
 * Inputs as one settings object.
 * @param getInput the toolkit's `getInput`: trimmed text, empty when not given
 * @param job names the comment when `comment-key` is empty, so that two workflows do not write into one comment
 * @throws ActionError that names every wrong input, with the form it should have
 */
export function readSettings(
  getInput: (name: InputName) => string,
  job: { readonly workflow: string; readonly job: string },
): Settings {
  const problems: string[] = [];
  const text = (name: InputName): string => {
    const given = getInput(name);
    return given === '' ? (INPUT_DEFAULTS[name] ?? '') : given;
  };
  const oneOf = <T extends string>(name: InputName, allowed: readonly T[], fallback: T): T => {
    const found = allowed.find((value) => value === text(name));
    if (found === undefined)
      problems.push(`${name} is "${text(name)}" and must be one of ${allowed.join(', ')}`);
    return found ?? fallback;
  };
  const path = (name: InputName): string | undefined => {
    const value = text(name);
    if (/[\0\r\n]/.test(value))
      problems.push(`${name} has a line break and must be one path, e.g. runs/nightly`);
    // The command line would take it for an option.
    if (value.startsWith('-'))
      problems.push(`${name} is "${value}" and must not begin with "-"; write ./${value}`);
    return value === '' ? undefined : value;
  };

  const recipe = path('recipe');
  if (recipe === undefined)
    problems.push('recipe is empty and must be the path of a recipe, e.g. recipes/quickstart.yml');
  const settings: Settings = {
    recipe: recipe ?? '',
    out: path('out') ?? INPUT_DEFAULTS.out,
    device: oneOf('device', DEVICES, 'auto'),
    cacheDir: path('cache-dir'),
    nativeDir: path('native-dir'),
    comment: oneOf('comment', COMMENT_MODES, 'auto'),
    commentKey: commentKey(text('comment-key'), job, problems),
    allowForks: boolean('allow-forks', text('allow-forks'), problems),
    token: text('github-token'),
    timeoutMs: minutes('timeout-minutes', text('timeout-minutes'), problems),
  };
  if (problems.length > 0) {
    throw new ActionError(
      'ACTION_INPUT',
      `The action's inputs are not usable: ${problems.join('; ')}. Correct them under "with:" in the workflow.`,
    );
  }
  return settings;
}

function commentKey(value: string, job: { workflow: string; job: string }, problems: string[]): string {
  if (value === '') {
    const derived = `${job.workflow}.${job.job}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
    return COMMENT_KEY.test(derived) ? derived : 'default';
  }
  if (!COMMENT_KEY.test(value)) {
    problems.push(
      `comment-key is "${value}" and must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. nightly-3b`,
    );
  }
  return value;
}

/** YAML 1.2 core schema, as in the toolkit. */
function boolean(name: InputName, value: string, problems: string[]): boolean {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (!/^(false|False|FALSE)$/.test(value)) problems.push(`${name} is "${value}" and must be true or false`);
  return false;
}

function minutes(name: InputName, value: string, problems: string[]): number | undefined {
  const count = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(count <= MAX_TIMEOUT_MINUTES)) {
    problems.push(
      `${name} is "${value}" and must be a number of minutes from 0 (no limit of its own) to ${String(MAX_TIMEOUT_MINUTES)}, e.g. 330`,
    );
  }
  return count > 0 ? count * 60_000 : undefined;
}
