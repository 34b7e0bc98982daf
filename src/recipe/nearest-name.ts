/**
 * The name that was most likely meant by a misspelt one, or `undefined` where none is near:
 * equal but for case and separators, else within a third of its length in typing errors
 * (Damerau-Levenshtein, optimal string alignment: insert, delete, replace, swap neighbours).
 */
export function nearestName(seen: string, names: readonly string[]): string | undefined {
  const wanted = plain(seen);
  const ranked = names
    .map((name) => ({ name, distance: typingErrors(wanted, plain(name)) }))
    .filter(
      ({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) / 3)),
    )
    .filter(({ name, distance }) => distance < plain(name).length)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '');
}

function typingErrors(a: string, b: string): number {
  // Names of fields have at most 20 letters; anything long is no misspelling of one.
  if (Math.max(a.length, b.length) > 64) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? beforeLast[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, replace, swap));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
