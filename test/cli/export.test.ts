import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readTrainLog } from '../../src/train/train-log.ts';
import { crc32c } from '../../src/train/tensorboard.ts';
import { cli } from '../support/cli.ts';
import { inRepository } from '../support/repository.ts';

/** What `train` wrote in 120 steps, with a validation loss every 20. */
const SMALL_RUN = inRepository('test/fixtures/train/small-run');
const folder = mkdtempSync(join(tmpdir(), 'inheritune-export-'));
afterAll(() => rm(folder, { recursive: true }));

const lines = await readTrainLog(SMALL_RUN);

test('--csv has a row for every step, with every number, and nothing where there is none', async () => {
  const file = join(folder, 'deep', 'run.csv');
  const { exitCode, out } = await cli(['export', SMALL_RUN, '--csv', file]);
  expect([exitCode, out]).toEqual([0, `${file}: 120 steps`]);
  const [head, ...rows] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const columns = head!.split(',');
  expect(columns.slice(0, 7)).toEqual([
    ...['step', 'loss', 'learningRate', 'gradNorm', 'tokens', 'tokensPerSecond', 'validationLoss'],
  ]);
  const read = rows.map((row) => {
    const values = row.split(',');
    expect(values).toHaveLength(columns.length);
    return Object.fromEntries(
      columns.flatMap((name, i) => (values[i] === '' ? [] : [[name, Number(values[i])]])),
    );
  });
  expect(read).toEqual(lines);
  expect(lines.filter(({ validationLoss }) => validationLoss !== undefined).length).toBeGreaterThan(3);
});

test('--tensorboard writes records that TensorBoard takes: their checksums are right, and each step has its losses', async () => {
  const logs = join(folder, 'logs');
  const { exitCode } = await cli(['export', SMALL_RUN, '--tensorboard', logs]);
  expect(exitCode).toBe(0);
  const [name, ...others] = await readdir(logs);
  expect(others).toEqual([]);
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10,}\.inheritune$/);
  const events = recordsOf(await readFile(join(logs, name!)));
  expect(events).toHaveLength(lines.length + 1);
  for (const [i, line] of lines.entries()) {
    const event = events[i + 1]!;
    expect(scalarOf(event, 'train/loss')).toBe(Math.fround(line.loss));
    const { validationLoss } = line;
    expect(scalarOf(event, 'validation/loss')).toBe(validationLoss && Math.fround(validationLoss));
  }
});

describe('refuses, with exit code 2', () => {
  test.each([
    [[SMALL_RUN], 'export was not told what to write'],
    [[join(folder, 'none'), '--csv', 'x.csv'], 'train.jsonl is missing or has no step'],
  ])('%j', async (args, words) => {
    const { exitCode, errors } = await cli(['export', ...args]);
    expect(errors).toContain(words);
    expect(exitCode).toBe(2);
  });
});

/** The data of the records of a TFRecord file, each of which must carry its checksums (tensorflow/core/lib/io/record_writer.h). */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  let at = 0;
  const take = (bytes: number): Buffer => file.subarray(at, (at += bytes));
  const checked = (data: Buffer): Buffer => {
    const crc = BigInt(crc32c(data));
    const rotated = ((crc >> 15n) | (crc << 17n)) & 0xffffffffn;
    expect(BigInt(take(4).readUInt32LE())).toBe((rotated + 0xa282ead8n) & 0xffffffffn);
    return data;
  };
  while (at < file.length) records.push(checked(take(Number(checked(take(8)).readBigUInt64LE()))));
  return records;
}

/** A scalar of an event by its tag: behind the tag, the field `simple_value` (2, a float). */
function scalarOf(event: Buffer, tag: string): number | undefined {
  const at = event.indexOf(tag);
  if (at === -1) return undefined;
  expect(event[at + tag.length]).toBe(0x15);
  return event.readFloatLE(at + tag.length + 1);
}
