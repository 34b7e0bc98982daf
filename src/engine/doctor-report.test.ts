import { expect, test } from 'vitest';
import { doctorReport, renderDoctorReport } from './doctor-report.ts';

const node = { name: 'node', state: 'ok', found: 'Node 24.1.0' } as const;
const gpu = { name: 'gpu', state: 'warn', found: 'no answer', advice: 'Install nvidia-smi.' } as const;
const disk = { name: 'disk', state: 'fail', found: '0.1 GB free', advice: 'Free some space.' } as const;

test('the worst check decides', () => {
  expect(doctorReport([node]).state).toBe('ok');
  expect(doctorReport([node, gpu]).state).toBe('warn');
  expect(doctorReport([disk, gpu, node]).state).toBe('fail');
});

test('the report is aligned, with advice below what it is about', () => {
  expect(renderDoctorReport(doctorReport([node, disk]))).toBe(
    [
      'ok    node  Node 24.1.0',
      'fail  disk  0.1 GB free',
      '            -> Free some space.',
      '',
      'Something needed is missing: see the lines marked fail.',
    ].join('\n'),
  );
});
