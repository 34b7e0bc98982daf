import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InherituneError } from '../errors.ts';

/** The folder of the `action.yml` above this file, be it source or bundle: what ships with the tool lies there. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'action.yml'))) {
    if (folder === dirname(folder)) {
      throw new InherituneError(
        'installation',
        'The files that come with inheritune were not found beside it. Install it again.',
      );
    }
    folder = dirname(folder);
  }
  return folder;
}

/** A few rows of every dataset whose licence allows it. */
export function shippedEvaluationData(): string {
  return join(packageRoot(), 'data', 'eval');
}
