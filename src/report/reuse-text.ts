/** One line on what a finished run took over. Not escaped. */
export function reuseText(reused: readonly string[], needed: readonly string[]): string {
  if (reused.length === 0 && needed.length === 0) return 'No stage was asked for: 0 GPU-minutes.';
  if (needed.length === 0) return 'No stage changed: 0 GPU-minutes.';
  if (reused.length === 0) return `Every stage was run: ${needed.join(', ')}.`;
  return `Run: ${needed.join(', ')}. Taken over: ${reused.join(', ')}.`;
}
