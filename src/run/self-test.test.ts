import { beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../test/support/cli.ts';
import { testEngine } from '../../test/support/test-engine.ts';
import type { DoctorReport } from '../engine/doctor-report.ts';
import type { Engine } from '../engine/load.ts';
import { selfTestCheck } from './self-test-check.ts';
import { selfTest, STORED } from './self-test.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await testEngine();
});

describe('the self-test', () => {
  it('gives the stored numbers in float32, to rounding', async () => {
    const result = await selfTest(engine, 'float32');
    expect(result).toMatchObject({ state: 'correct', precision: 'float32' });
    if (result.state === 'correct') expect(result.largest).toBeLessThan(1e-5);
  });

  it('gives them in bfloat16, as closely as that can', async () => {
    const result = await selfTest(engine, 'bfloat16');
    expect(result).toMatchObject({ state: 'correct' });
    // It does compute in bfloat16.
    if (result.state === 'correct') expect(result.largest).toBeGreaterThan(1e-5);
  });

  it('names what differs from the stored numbers', async () => {
    const [first, ...rest] = STORED;
    const off = [first!, { ...rest[0]!, gradientNorm: rest[0]!.gradientNorm * 1.2 }, rest[1]!];
    const result = await selfTest(engine, 'float32', off);
    expect(result).toMatchObject({ state: 'wrong', what: 'the gradient norm of step 2' });
    expect(selfTestCheck(result, 'cpu')).toMatchObject({
      ...{ name: 'self-test float32', state: 'fail' },
      found: expect.stringMatching(
        /^the gradient norm of step 2 .* on cpu is [\d.]+, and [\d.]+ is stored$/,
      ) as string,
    });
  });

  it('takes no number that is none for a right one', async () => {
    expect(
      await selfTest(
        engine,
        'float32',
        STORED.map((step) => ({ ...step, lossNats: NaN })),
      ),
    ).toMatchObject({
      ...{ state: 'wrong', what: 'the loss of step 1' },
    });
  });

  it('of an engine that cannot compute is a finding, not a crash', async () => {
    const runSavedModel = (): never => {
      throw new Error('No registered kernel\nwith a stack');
    };
    const binding = Object.create(engine.binding, {
      runSavedModel: { value: runSavedModel },
    }) as Engine['binding'];
    const result = await selfTest({ ...engine, binding }, 'bfloat16');
    expect(result).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('No registered kernel') as string,
    });
    expect(selfTestCheck(result, 'gpu')).toMatchObject({
      state: 'warn',
      advice: expect.stringContaining('float32') as string,
    });
    expect(selfTestCheck({ ...result, precision: 'float32' }, 'gpu').state).toBe('fail');
  });
});

it('inheritune doctor runs it where there is an engine', async () => {
  const { out, exitCode } = await cli(['doctor', '--json']);
  const { checks, state } = JSON.parse(out) as DoctorReport;
  expect(exitCode).toBe(state === 'fail' ? 1 : 0);
  const found = checks.filter(({ name }) => name.startsWith('self-test'));
  expect(found.map(({ name, state: seen }) => [name, seen])).toEqual([['self-test float32', 'ok']]);
});
