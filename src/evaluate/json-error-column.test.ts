import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonErrorColumn } from './json-error-column.ts';

it.each([
  ['{"label": 1', 12],
  ['{"label": yes}', 11],
  ['{"label": 1,}', 13],
  ["{'label': 1}", 2],
  ['{"label": NaN}', 11],
  ['{"label": 01}', 12],
  ['{"goal": "a\tb"}', 12],
  ['{"goal": "a\\x"}', 12],
  ['{"a": 1} {"b": 2}', 10],
  ['[1, 2', 6],
  ['', 1],
  ['dresser', 1],
])('%s is wrong from column %i', (text, column) => {
  expect(jsonErrorColumn(text)).toBe(column);
});

it('finds nothing in JSON', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(jsonErrorColumn(text)).toBeUndefined();
    }),
  );
});

it('agrees with JSON.parse on damaged JSON', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '0', '-', 'e', ' ', 'null', '\u0001'),
      (text, at, put) => {
        const place = at % (text.length + 1);
        const damaged = text.slice(0, place) + put + text.slice(place + 1);
        expect(jsonErrorColumn(damaged) === undefined).toBe(parses(damaged));
      },
    ),
    { numRuns: 2000 },
  );
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
