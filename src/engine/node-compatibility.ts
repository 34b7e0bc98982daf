import { createRequire } from 'node:module';

type UtilModule = Record<string, unknown>;

/**
 * Puts back `util.isNullOrUndefined` (gone in Node 23) and `util.isArray` (going in Node 26) on the CommonJS
 * `util` object, where tfjs-node 4.22.0 calls them (`dist/nodejs_kernel_backend.js`, `dist/kernels/TopK.js`).
 */
export function restoreUtilFunctions(): void {
  const util = createRequire(import.meta.url)('node:util') as UtilModule;
  util['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}
