import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const sources = ['../judge/', '../report/'].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => folder + name),
);

describe('judge and report are pure: the same records give the same verdict and the same text', () => {
  it.each(sources)('%s uses no file, clock, environment or global randomness', (file) => {
    const source = readFileSync(new URL(file, import.meta.url), 'utf8');
    expect(source).not.toMatch(/from 'node:|\bprocess\.|\bDate\b|Math\.random|\bBuffer\b|toLocale|\bIntl\b/);
  });
});
