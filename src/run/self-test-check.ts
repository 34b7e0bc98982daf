import type { DoctorCheck } from '../engine/doctor-report.ts';
import type { SelfTestResult } from './self-test.ts';

/**
 * What the self-test says of the machine; pure. Wrong numbers are never good enough; a precision that a device cannot compute in
 * at all is no fault of a run in the other one.
 */
export function selfTestCheck(result: SelfTestResult, device: string): DoctorCheck {
  const { precision } = result;
  const name = `self-test ${precision}`;
  switch (result.state) {
    case 'correct': {
      const found = `three training steps of a small model on ${device} give the stored numbers (within ${percent(result.largest)})`;
      return { name, state: 'ok', found };
    }
    case 'wrong': {
      const { what, value, stored } = result;
      return {
        ...{ name, state: 'fail' },
        found: `${what} of a small model on ${device} is ${value.toPrecision(6)}, and ${stored.toPrecision(6)} is stored`,
        advice:
          'Do not trust what this machine computes: try another driver, set the engine up again, or have the card examined.',
      };
    }
    case 'failed':
      return {
        ...{ name, state: precision === 'float32' ? 'fail' : 'warn' },
        found: `three training steps of a small model on ${device} could not be computed: ${result.reason}`,
        advice:
          precision === 'float32'
            ? 'Set the engine up again with `inheritune setup`.'
            : 'Use train.precision float32 on this machine, or another card.',
      };
  }
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
