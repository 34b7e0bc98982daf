import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenRequest } from './result.ts';
import { openScoreJournal } from './score-journal.ts';

const first: TokenRequest = { input: [1, 2, 3], targets: [4], truncated: 0 };
const second: TokenRequest = { input: [1, 2], targets: [3, 4], truncated: 0 };
const score = { loglikelihood: -1.2345678901234567, greedy: true };

describe('openScoreJournal', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    file = join(folder, 'r.json.partial.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  function written(): void {
    const journal = openScoreJournal(file, 'model float32');
    journal.add(first, score);
    journal.close();
  }

  it('gives back, to the bit, what was added before, by input and targets', () => {
    written();
    const journal = openScoreJournal(file, 'model float32');
    expect(journal.found).toBe(1);
    expect(journal.find(first)).toEqual(score);
    expect(journal.find(second)).toBeUndefined();
    expect(journal.find({ input: [1, 2], targets: [3], truncated: 0 })).toBeUndefined();
  });

  it('leaves no file before the first score, and none when it is removed', async () => {
    const journal = openScoreJournal(file, 'model float32');
    expect(existsSync(file)).toBe(false);
    journal.add(first, score);
    expect(existsSync(file)).toBe(true);
    await journal.remove();
    expect(existsSync(file)).toBe(false);
  });

  it('drops the scores of other weights or another precision', () => {
    written();
    const journal = openScoreJournal(file, 'model bfloat16');
    expect(journal.found).toBe(0);
    journal.add(second, score);
    journal.close();
    expect(openScoreJournal(file, 'model bfloat16').found).toBe(1);
    expect(openScoreJournal(file, 'model float32').found).toBe(0);
  });

  it('goes on behind a line that a kill cut off', async () => {
    written();
    await appendFile(file, '{"k":"abc","l":-1');
    const journal = openScoreJournal(file, 'model float32');
    journal.add(second, score);
    journal.close();
    expect(openScoreJournal(file, 'model float32').found).toBe(2);
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(4);
  });

  it('does not keep what is not finite, so that it is computed again', () => {
    const journal = openScoreJournal(file, 'model float32');
    journal.add(first, { loglikelihood: Number.NaN, greedy: false });
    journal.close();
    expect(openScoreJournal(file, 'model float32').find(first)).toBeUndefined();
  });

  it('names the file that cannot be written', () => {
    const journal = openScoreJournal(join(folder, 'nowhere', 'x'), 'model float32');
    expect(() => journal.add(first, score)).toThrow(
      /nowhere\/x, which keeps finished items .* cannot be written/,
    );
  });
});
