import { expect, test } from 'vitest';
import { byteSize } from './byte-size.ts';

test.each([
  [1024, 1024],
  ['8GB', 8e9],
  ['7.5 GiB', 7.5 * 2 ** 30],
  ['500mb', 5e8],
  ['12', 12],
  ['0', undefined],
  ['8 gigs', undefined],
  ['-1GB', undefined],
  ['GB', undefined],
  [Number.NaN, undefined],
])('%s is %s bytes', (value, bytes) => {
  expect(byteSize(value)).toBe(bytes);
});
