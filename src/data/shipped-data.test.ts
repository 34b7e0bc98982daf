import { existsSync, readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const SHIPPED = new URL('../../data/', import.meta.url);
const ORIGINAL = new URL('../../../shared/data/', import.meta.url);

const TASKS = ['boolq', 'mnli', 'piqa', 'qnli', 'truthfulqa_mc', 'winogrande', 'wnli', 'wsc273'];
const mmlu = readdirSync(new URL('eval/mmlu/', SHIPPED)).sort();
const read = (name: string, base = SHIPPED): Buffer => readFileSync(new URL(name, base));
/** Rows end at `\n` alone: some hold other line separators. */
const rowsOf = (bytes: Buffer): string[] => bytes.toString('utf8').split('\n').filter(Boolean);

describe('data/eval', () => {
  it('holds 40 rows of each task that may be redistributed, and MMLU, and nothing else', () => {
    expect(readdirSync(new URL('eval/', SHIPPED)).sort()).toEqual([...TASKS.map((task) => `${task}.jsonl`), 'mmlu'].sort());
    for (const task of TASKS) expect([task, rowsOf(read(`eval/${task}.jsonl`)).length]).toEqual([task, 40]);
    expect(mmlu).toHaveLength(2 * 57);
    for (const name of mmlu) {
      expect([name, rowsOf(read(`eval/mmlu/${name}`)).length]).toEqual([name, name.endsWith('.dev.jsonl') ? 5 : 2]);
    }
  });

  it('is JSON, row by row', () => {
    for (const name of [...TASKS.map((task) => `${task}.jsonl`), ...mmlu.map((file) => `mmlu/${file}`)]) {
      for (const row of rowsOf(read(`eval/${name}`))) expect(typeof JSON.parse(row)).toBe('object');
    }
  });

  it.skipIf(!existsSync(ORIGINAL))('is byte for byte the beginning of the originals (skipped where ../shared is absent)', () => {
    for (const name of [...TASKS.map((task) => `${task}.jsonl`), ...mmlu.map((file) => `mmlu/${file}`)]) {
      const ours = read(`eval/${name}`);
      expect([name, read(`eval/${name}`, ORIGINAL).subarray(0, ours.length).equals(ours)]).toEqual([name, true]);
    }
  });
});

describe('data/corpus', () => {
  it('is 1,320 different paragraphs, below 1 MB', () => {
    const corpus = read('corpus/wikitext.txt');
    const paragraphs = corpus.toString('utf8').trim().split(/\n\n/);
    expect(corpus.length).toBeLessThan(1e6);
    expect([paragraphs.length, new Set(paragraphs).size]).toEqual([1320, 1320]);
  });

  it.skipIf(!existsSync(ORIGINAL))('is the beginning of the original (skipped where ../shared is absent)', () => {
    const ours = read('corpus/wikitext.txt');
    expect(read('corpus/wikitext2-train.txt', ORIGINAL).subarray(0, ours.length).equals(ours)).toBe(true);
  });
});
