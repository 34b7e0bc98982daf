import type { InputName } from './input-definitions.ts';
import { inputDefinition } from './input-definitions.ts';

/** setTimeout counts in 31 bits of milliseconds; GitHub ends a job on a self-hosted runner after 5 days. */
const MAX_TIMEOUT_MINUTES = 5 * 24 * 60;

/** Reads single inputs and collects what is wrong with them. */
export interface InputReader {
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

/** A reader of the toolkit's texts; the runner's defaults stand for what is not given. */
export function inputReader(getInput: (name: InputName) => string): InputReader {
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
