import { COMMENT_KEY } from '../github/comment-marker.ts';
import type { InputReader } from './input-reader.ts';

/** A part of the tasks: `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A store of records. */
export type StoreSetting =
  | { readonly kind: 'none' }
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'folder'; readonly path: string };

/** GitHub's limit on the jobs of a matrix. */
const MAX_SHARDS = 256;
const MAX_CHECK_NAME_CHARACTERS = 100;

/** The name of the check run; by default one that tells it from other comments' check runs. */
export function checkName({ text, wrong }: InputReader, commentKey: string): string {
  const given = text('check-name');
  if (given === '') return `Inheritune (${commentKey})`;
  if (given.length > MAX_CHECK_NAME_CHARACTERS || /[\r\n]/.test(given)) wrong('check-name', given);
  return given;
}

/** `field=value` lines for the recipe. */
export function overrides({ text, wrong }: InputReader): string[] {
  const lines = text('set')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const line of lines) if (!/^[A-Za-z][\w.[\]-]*=/.test(line)) wrong('set', line);
  return lines;
}

/** Names of variants. */
export function expected({ text, wrong }: InputReader): string[] {
  const names = text('expect')
    .split(/\s+/)
    .filter((name) => name !== '');
  const bad = names.find((name) => !COMMENT_KEY.test(name));
  if (bad !== undefined) wrong('expect', bad);
  return names;
}

/** INDEX/COUNT. */
export function shard({ text, wrong }: InputReader): Shard {
  const [, index, count] = /^(\d{1,3})\/(\d{1,3})$/.exec(text('shard')) ?? [];
  const value = { index: Number(index), count: Number(count) };
  if (!(value.index >= 1 && value.index <= value.count && value.count <= MAX_SHARDS))
    wrong('shard', text('shard'));
  return value;
}

/** A store of records: none, branch:NAME or a folder. */
export function store({ text, path, wrong }: InputReader, name: 'baseline' | 'record'): StoreSetting {
  const given = text(name);
  if (given === 'none') return { kind: 'none' };
  const branch = /^branch:(.*)$/s.exec(given)?.[1];
  if (branch === undefined) return { kind: 'folder', path: path(name) ?? '' };
  // git check-ref-format, as far as a plain branch name needs it: no option, no path out, no revision syntax.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(branch) || /\.\.|\/\/|\.lock$|[./]$/.test(branch))
    wrong(name, given);
  return { kind: 'branch', branch };
}
