import { WeightsError } from '../errors.ts';
import type { GgufValue } from './gguf-cursor.ts';

/** Typed access to a file's metadata: a missing or oddly typed field is an error that names file and key. */
export interface GgufMetadata {
  readonly file: string;
  readonly values: ReadonlyMap<string, GgufValue>;
}

export function optionalNumber({ file, values }: GgufMetadata, key: string): number | undefined {
  const value = values.get(key);
  if (value === undefined || typeof value === 'number') return value;
  throw bad(file, key, value, 'a number');
}

export function requiredNumber(metadata: GgufMetadata, key: string): number {
  const value = optionalNumber(metadata, key);
  if (value !== undefined) return value;
  throw new WeightsError(
    'bad-file',
    `${metadata.file} lacks the metadata field ${key}. Convert the model again.`,
  );
}

export function optionalString({ file, values }: GgufMetadata, key: string): string | undefined {
  const value = values.get(key);
  if (value === undefined || typeof value === 'string') return value;
  throw bad(file, key, value, 'a string');
}

export function optionalBoolean({ file, values }: GgufMetadata, key: string): boolean | undefined {
  const value = values.get(key);
  if (value === undefined || typeof value === 'boolean') return value;
  throw bad(file, key, value, 'true or false');
}

export function optionalStrings({ file, values }: GgufMetadata, key: string): readonly string[] | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value as readonly string[];
  throw bad(file, key, value, 'a list of strings');
}

export function optionalNumbers({ file, values }: GgufMetadata, key: string): readonly number[] | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'number'))
    return value as readonly number[];
  throw bad(file, key, value, 'a list of numbers');
}

function bad(file: string, key: string, value: GgufValue, expected: string): WeightsError {
  const shown = typeof value === 'object' ? 'a list' : JSON.stringify(String(value));
  return new WeightsError(
    'bad-file',
    `${file}: the metadata field ${key} is ${shown}, not ${expected}. Convert the model again.`,
  );
}
