/** Bundles each entry; returns the contents of all files by path, sorted: the bundles and LICENSES.txt. */
export function bundle(
  root: string,
  entries: readonly { source: string; output: string }[],
): Promise<Map<string, Buffer>>;
