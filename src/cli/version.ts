import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** This tool's version, from the nearest `package.json` above a file of ours: the bundle lies in `dist/cli`, the source in `src/cli`. */
export function version(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (json.name === 'inheritune-action' && json.version !== undefined) return json.version;
    } catch {
      // Not here: look one folder up.
    }
  }
  return '0.0.0';
}
