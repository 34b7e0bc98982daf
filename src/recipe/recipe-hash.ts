import { createHash } from 'node:crypto';

/**
 * JSON with the keys of every object in code-unit order and no white space, so that equal values give equal text
 * (the form of RFC 8785). Fields that are `undefined` are left out. Throws `TypeError` for a value that JSON would
 * change or drop silently: NaN, infinities, functions, class instances such as `Map`.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isPlainObject(value)) {
    const fields = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
    return `{${fields.join(',')}}`;
  }
  throw new TypeError(`${describe(value)} has no canonical JSON; hash plain data only`);
}

/** sha256 (hex) of the canonical JSON of a recipe or any part of it. */
export function recipeHash(part: unknown): string {
  return createHash('sha256').update(canonicalJson(part), 'utf8').digest('hex');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `a ${value.constructor.name}`;
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
}
