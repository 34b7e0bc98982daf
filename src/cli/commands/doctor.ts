import { Command } from 'commander';
import { doctor } from '../../engine/doctor.ts';
import { renderDoctorReport } from '../../engine/doctor-report.ts';
import { EXIT } from '../../errors.ts';
import type { CommandDefinition } from '../command-io.ts';

export const doctorCommand: CommandDefinition = (io, end) =>
  new Command('doctor')
    .description('Looks at everything that a run depends on and says what is missing. Changes nothing.')
    .option('--json', 'the report as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { context, print } = io();
      const report = await doctor({ env: context.env, ...context.places });
      print(json === true ? JSON.stringify(report, null, 2) : renderDoctorReport(report));
      if (report.state === 'fail') end(EXIT.failed);
    });
