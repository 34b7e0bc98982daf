import { readFileSync, writeFileSync } from 'node:fs';

/**
 * From here on: by how much this process's largest resident set grows, in bytes (Linux). Pages of program files do not count:
 * a library's code comes from its file as it is first used, the same for any size of work.
 * @returns the growth so far
 */
export function watchResidentGrowth(): () => number {
  // Writing 5 sets the peak back to what is resident now (`man 5 proc`).
  writeFileSync('/proc/self/clear_refs', '5');
  const before = { resident: status('VmRSS'), files: status('RssFile') };
  return () => status('VmHWM') - before.resident - (status('RssFile') - before.files);
}

function status(field: 'VmRSS' | 'VmHWM' | 'RssFile'): number {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${field}:`));
  return 1024 * Number(/\d+/.exec(line ?? '')?.[0]);
}
