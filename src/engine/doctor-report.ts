/** One thing that was looked at. */
export interface DoctorCheck {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found, with its values. */
  readonly found: string;
  /** What to do; given unless the state is ok. */
  readonly advice?: string;
}

export interface DoctorReport {
  /** The worst state of all checks. */
  readonly state: DoctorCheck['state'];
  readonly checks: readonly DoctorCheck[];
}

const ORDER = ['ok', 'warn', 'fail'] as const;

/** The report of these checks. */
export function doctorReport(checks: readonly DoctorCheck[]): DoctorReport {
  const worst = Math.max(0, ...checks.map((check) => ORDER.indexOf(check.state)));
  return { state: ORDER[worst] ?? 'fail', checks };
}

/** The report as text for a terminal or a log: a line for each check, advice indented below, a summary last. */
export function renderDoctorReport(report: DoctorReport): string {
  const width = Math.max(...report.checks.map((check) => check.name.length), 0);
  const lines = report.checks.flatMap((check) => [
    `${check.state.padEnd(4)}  ${check.name.padEnd(width)}  ${check.found}`,
    ...(check.advice === undefined ? [] : [`${' '.repeat(width + 8)}-> ${check.advice}`]),
  ]);
  return [...lines, '', SUMMARY[report.state]].join('\n');
}

const SUMMARY: Readonly<Record<DoctorReport['state'], string>> = {
  ok: 'Everything needed is in place.',
  warn: 'It works; the lines marked warn tell what could be better.',
  fail: 'Something needed is missing: see the lines marked fail.',
};
