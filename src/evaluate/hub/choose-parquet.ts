/**
 * The parquet files of one split among a repository's paths: all shards in order, or none where one is missing.
 * Layouts, first match wins: a named file; `<config>/<split>-00000-of-00001.parquet` as `datasets` pushes it, at the
 * top or in `data/` for a dataset without configs; `<config>/<split>/0000.parquet` of the branch `refs/convert/parquet`,
 * and that branch's older `<config>/<anything>-<split>.parquet`.
 */
export function chooseParquet(
  paths: readonly string[],
  { config, split, file }: { config: string | null; split: string; file?: string | undefined },
): string[] {
  if (file !== undefined && paths.includes(file)) return [file];
  const folders = config === null ? ['data/', '', 'default/'] : [`${config}/`];
  for (const folder of folders) {
    const inside = paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
    const found =
      shards(inside, new RegExp(`^${escaped(split)}-(\\d{5})-of-(\\d{5})\\.parquet$`)) ??
      shards(inside, new RegExp(`^${escaped(split)}/(\\d{4})\\.parquet$`)) ??
      shards(inside, new RegExp(`^[^/]+-${escaped(split)}\\.parquet$`));
    if (found !== undefined) return found.map((name) => folder + name);
  }
  return [];
}

/** The names that match, if they are a whole: numbered from 0 without gaps, and as many as they say. */
function shards(names: readonly string[], pattern: RegExp): string[] | undefined {
  const found = names.flatMap((name) => {
    const match = pattern.exec(name);
    return match === null ? [] : [{ name, index: Number(match[1] ?? 0), of: match[2] }];
  });
  if (found.length === 0) return undefined;
  found.sort((a, b) => a.index - b.index);
  const count = found[0]!.of === undefined ? found.length : Number(found[0]!.of);
  const whole = found.length === count && found.every(({ index }, position) => index === position);
  return whole ? found.map(({ name }) => name) : undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
