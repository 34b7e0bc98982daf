/** The metric a task is judged by: what the paper prints (its evidence: LogiQA is length-normalised, all others are not). */
export function headlineMetric(task: string, available: readonly string[]): string | undefined {
  const wanted = task === 'logiqa' ? ['acc_norm', 'acc'] : ['acc', 'acc_norm'];
  return (
    wanted.find((metric) => available.includes(metric)) ??
    available.filter((metric) => metric !== 'margin' && metric !== 'bits_per_byte').sort()[0]
  );
}
