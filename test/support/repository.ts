import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));

/** A path inside the checkout. */
export function inRepository(path: string): string {
  return `${repositoryRoot}${path}`;
}

/** Larger real inputs that lie beside some checkouts; tests that want them skip where they are absent. */
export const sharedData = `${repositoryRoot}../shared/data`;
export const hasSharedData = existsSync(sharedData);
export const skipNote = hasSharedData ? '' : ' (skipped: ../shared/data is absent)';
