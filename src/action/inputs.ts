import { COMMENT_KEY } from '../github/comment-marker.ts';
import { ActionError } from './action-error.ts';
import { CHECK_MODES, COMMENT_MODES, DEVICES, STAGES } from './input-definitions.ts';
import type { InputName } from './input-definitions.ts';
import { inputReader } from './input-reader.ts';
import type { Shard, StoreSetting } from './input-values.ts';
import { checkName, expected, overrides, shard, store } from './input-values.ts';

export type Stages = (typeof STAGES)[number];
export type Device = (typeof DEVICES)[number];
export type CommentMode = (typeof COMMENT_MODES)[number];
export type CheckMode = (typeof CHECK_MODES)[number];

/** A variant names artifacts, columns and records: as a comment's key, but no hidden file. */
const VARIANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

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
  readonly baseline: StoreSetting;
  readonly record: StoreSetting;
  readonly ledger: boolean;
  readonly onlyNew: boolean;
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
    variant: named('variant', VARIANT),
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
    ledger: boolean('ledger'),
    onlyNew: boolean('only-new'),
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
  const { stages, record, baseline } = settings;
  if ((stages === 'report' || stages === 'record') && settings.results === undefined)
    reader.problems.push(`results is empty and with stages: ${stages} must be one path, e.g. shards`);
  const needsStore = stages === 'record' ? 'stages: record' : settings.ledger ? 'ledger: true' : undefined;
  if (needsStore !== undefined && record.kind === 'none')
    reader.problems.push(
      `record is "none" and with ${needsStore} must be branch:NAME (e.g. branch:inheritune-data) or the path of a folder`,
    );
  if (settings.onlyNew && baseline.kind === 'none')
    reader.problems.push(
      'baseline is "none" and with only-new: true must be branch:NAME (e.g. branch:inheritune-data) or the path of a folder',
    );
  if (reader.problems.length > 0) {
    throw new ActionError(
      'ACTION_INPUT',
      `The action's inputs are not usable: ${reader.problems.join('; ')}. Correct them under "with:" in the workflow.`,
    );
  }
  return settings;
}

function derivedKey(job: { workflow: string; job: string }): string {
  const derived = `${job.workflow}.${job.job}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return COMMENT_KEY.test(derived) ? derived : 'default';
}
