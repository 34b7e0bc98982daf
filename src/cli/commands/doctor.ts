import { Command } from 'commander';
import { doctor } from '../../engine/doctor.ts';
import { doctorReport, renderDoctorReport } from '../../engine/doctor-report.ts';
import type { DoctorCheck, DoctorReport } from '../../engine/doctor-report.ts';
import { EXIT, InherituneError } from '../../errors.ts';
import type { RunContext } from '../../run/context.ts';
import { selfTestCheck } from '../../run/self-test-check.ts';
import { selfTest } from '../../run/self-test.ts';
import type { CommandDefinition } from '../command-io.ts';

export const doctorCommand: CommandDefinition = (io, end) =>
  new Command('doctor')
    .description('Looks at everything that a run depends on and says what is missing. Changes nothing.')
    .option('--json', 'the report as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { context, device = 'auto', print } = io();
      const looked = await doctor({ env: context.env, ...context.places, variant: device });
      const report = doctorReport([...looked.checks, ...(await computed(looked, context, device))]);
      print(json === true ? JSON.stringify(report, null, 2) : renderDoctorReport(report));
      if (report.state === 'fail') end(EXIT.failed);
    });

/** The self-test, where the engine is there and has multiplied two matrices in a process of its own: one that crashes is known by then. */
async function computed(
  { checks }: DoctorReport,
  context: RunContext,
  device: 'auto' | 'cpu' | 'cuda',
): Promise<DoctorCheck[]> {
  const computation = checks.find(({ name }) => name === 'computation');
  if (computation === undefined || computation.state === 'fail') return [];
  try {
    const engine = await context.engine(device);
    const { kind, name } = engine.device;
    const found: DoctorCheck[] = [];
    // A processor computes in bfloat16 when it is told to; nobody trains there for long.
    for (const precision of kind === 'cpu' ? (['float32'] as const) : (['float32', 'bfloat16'] as const))
      found.push(selfTestCheck(await selfTest(engine, precision), name));
    return found;
  } catch (error) {
    if (!(error instanceof InherituneError)) throw error;
    return [{ name: 'self-test', state: 'fail', found: error.message, advice: 'See the lines above.' }];
  }
}
