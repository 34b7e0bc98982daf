import { COMMENT_KEY } from '../github/comment-marker.ts';
import { ActionError } from './action-error.ts';
import { CHECK_MODES, COMMENT_MODES, DEVICES, inputDefinition, STAGES } from './input-definitions.ts';
import type { InputName } from './input-definitions.ts';

export type Stages = (typeof STAGES)[number];
export type Device = (typeof DEVICES)[number];
export type CommentMode = (typeof COMMENT_MODES)[number];
export type CheckMode = (typeof CHECK_MODES)[number];

/** A part of the tasks: `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A store of records. */
export type BaselineSetting =
  | { readonly kind: 'none' }
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'folder'; readonly path: string };

/** The action's inputs, validated. */
export interface Settings {
  readonly recipe: string;
  readonly stages: Stages;
  /** `field=value` texts for the recipe. */
  readonly overrides: readonly string[];
  readonly variant: string;
  readonly out: string;
  /** Undefined: the model in `out`. */
  readonly model: string | undefined;
  readonly shard: Shard;
  readonly results: string | undefined;
  /** Variants that a report must have. */
  readonly expected: readonly string[];
  readonly dataDir: string | undefined;
  readonly device: Device;
  readonly cacheDir: string | undefined;
  readonly nativeDir: string | undefined;
  readonly preflight: boolean;
  readonly baseline: BaselineSetting;
  readonly record: BaselineSetting;
  readonly maximumDropPoints: number;
  readonly confidence: number;
  readonly comment: CommentMode;
  readonly commentKey: string;
  readonly checkRun: CheckMode;
  readonly checkName: string;
  readonly allowForks: boolean;
  readonly forkEnvironment: string;
  /** Empty where the workflow gives none: then nothing is written to GitHub. */
  readonly token: string;
  /** Undefined: the job's own limit applies. */
  readonly timeoutMs: number | undefined;
  /** Undefined: a run may be silent for ever. */
  readonly stallMs: number | undefined;
}

/** setTimeout counts in 31 bits of milliseconds; GitHub ends a job on a self-hosted runner after 5 days. */
const MAX_TIMEOUT_MINUTES = 5 * 24 * 60;
/** GitHub's limit on the jobs of a matrix. */
const MAX_SHARDS = 256;
const MAX_CHECK_NAME_CHARACTERS = 100;

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
  const reader = inputReader(getInput);
  const { text, oneOf, path, boolean, number, minutes, named } = reader;
  const commentKey = text('comment-key') === '' ? derivedKey(job) : named('comment-key', COMMENT_KEY);
  const recipe = path('recipe');
  if (recipe === undefined) reader.wrong('recipe', 'empty');
  const settings: Settings = {
    recipe: recipe ?? '',
    stages: oneOf('stages', STAGES, 'all'),
    overrides: overrides(reader),
    variant: named('variant', COMMENT_KEY),
    out: path('out') ?? 'runs/action',
    model: path('model'),
    shard: shard(reader),
    results: path('results'),
    expected: expected(reader),
    dataDir: path('data-dir'),
    device: oneOf('device', DEVICES, 'auto'),
    cacheDir: path('cache-dir'),
    nativeDir: path('native-dir'),
    preflight: boolean('preflight'),
    baseline: store(reader, 'baseline'),
    record: store(reader, 'record'),
    maximumDropPoints: number('max-drop', (value) => value >= 0 && value <= 100),
    confidence: number('confidence', (value) => value > 0.5 && value < 1),
    comment: oneOf('comment', COMMENT_MODES, 'auto'),
    commentKey,
    checkRun: oneOf('check-run', CHECK_MODES, 'auto'),
    checkName: checkName(reader, commentKey),
    allowForks: boolean('allow-forks'),
    forkEnvironment: named('fork-environment', /^[^\r\n]{1,255}$/),
    token: text('github-token'),
    timeoutMs: minutes('timeout-minutes'),
    stallMs: minutes('stall-minutes'),
  };
  if (settings.stages === 'report' && settings.results === undefined) {
    reader.problems.push('results is empty and with stages: report must be one path, e.g. shards');
  }
  if (reader.problems.length > 0) {
    throw new ActionError(
      'ACTION_INPUT',
      `The action's inputs are not usable: ${reader.problems.join('; ')}. Correct them under "with:" in the workflow.`,
    );
  }
  return settings;
}

/** Reads single inputs and collects what is wrong with them. */
interface InputReader {
  readonly problems: string[];
  wrong(name: InputName, value: string): void;
  text(name: InputName): string;
  oneOf<T extends string>(name: InputName, allowed: readonly T[], fallback: T): T;
  path(name: InputName): string | undefined;
  boolean(name: InputName): boolean;
  number(name: InputName, isGood: (value: number) => boolean): number;
  minutes(name: InputName): number | undefined;
  named(name: InputName, form: RegExp): string;
}

function inputReader(getInput: (name: InputName) => string): InputReader {
  const problems: string[] = [];
  const wrong = (name: InputName, value: string): void => {
    problems.push(
      `${name} is ${value === 'empty' ? value : JSON.stringify(value)} and must be ${inputDefinition(name).form}`,
    );
  };
  const text = (name: InputName): string => {
    const given = getInput(name);
    const { default: preset } = inputDefinition(name);
    // The token's default is an expression, which only the runner can evaluate.
    return given === '' && name !== 'github-token' ? (preset ?? '') : given;
  };
  const checked = (name: InputName, isGood: boolean): void => {
    if (!isGood) wrong(name, text(name));
  };
  return {
    problems,
    wrong,
    text,
    oneOf: (name, allowed, fallback) => {
      const found = allowed.find((value) => value === text(name));
      checked(name, found !== undefined);
      return found ?? fallback;
    },
    path: (name) => {
      const value = text(name);
      if (/[\0\r\n]/.test(value))
        problems.push(`${name} has a line break and must be one path, e.g. runs/nightly`);
      // The command line would take it for an option.
      if (value.startsWith('-'))
        problems.push(`${name} is "${value}" and must not begin with "-"; write ./${value}`);
      return value === '' ? undefined : value;
    },
    /** YAML 1.2 core schema, as in the toolkit. */
    boolean: (name) => {
      checked(name, /^(true|True|TRUE|false|False|FALSE)$/.test(text(name)));
      return text(name).toLowerCase() === 'true';
    },
    number: (name, isGood) => {
      const value = decimal(text(name));
      checked(name, isGood(value));
      return value;
    },
    minutes: (name) => {
      const count = decimal(text(name));
      checked(name, count <= MAX_TIMEOUT_MINUTES);
      return count > 0 ? count * 60_000 : undefined;
    },
    named: (name, form) => {
      checked(name, form.test(text(name)));
      return text(name);
    },
  };
}

/** NaN, for which every comparison is false, where the text is not a plain decimal number. */
function decimal(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function derivedKey(job: { workflow: string; job: string }): string {
  const derived = `${job.workflow}.${job.job}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return COMMENT_KEY.test(derived) ? derived : 'default';
}

function checkName({ text, wrong }: InputReader, commentKey: string): string {
  const given = text('check-name');
  if (given === '') return `Inheritune (${commentKey})`;
  if (given.length > MAX_CHECK_NAME_CHARACTERS || /[\r\n]/.test(given)) wrong('check-name', given);
  return given;
}

function overrides({ text, wrong }: InputReader): string[] {
  const lines = text('set')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const line of lines) if (!/^[A-Za-z][\w.[\]-]*=/.test(line)) wrong('set', line);
  return lines;
}

function expected({ text, wrong }: InputReader): string[] {
  const names = text('expect')
    .split(/\s+/)
    .filter((name) => name !== '');
  const bad = names.find((name) => !COMMENT_KEY.test(name));
  if (bad !== undefined) wrong('expect', bad);
  return names;
}

function shard({ text, wrong }: InputReader): Shard {
  const [, index, count] = /^(\d{1,3})\/(\d{1,3})$/.exec(text('shard')) ?? [];
  const value = { index: Number(index), count: Number(count) };
  if (!(value.index >= 1 && value.index <= value.count && value.count <= MAX_SHARDS))
    wrong('shard', text('shard'));
  return value;
}

function store({ text, path, wrong }: InputReader, name: 'baseline' | 'record'): BaselineSetting {
  const given = text(name);
  if (given === 'none') return { kind: 'none' };
  const branch = /^branch:(.*)$/s.exec(given)?.[1];
  if (branch === undefined) return { kind: 'folder', path: path(name) ?? '' };
  // git check-ref-format, as far as a plain branch name needs it: no option, no path out, no revision syntax.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(branch) || /\.\.|\/\/|\.lock$|[./]$/.test(branch))
    wrong(name, given);
  return { kind: 'branch', branch };
}
