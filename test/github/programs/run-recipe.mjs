// Takes the action's command line and does what the "recipe", a JSON file, says: writes files below --out, notes what it was
// given, and ends with an exit code.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [command, recipe, ...options] = process.argv.slice(2);
const out = options[options.indexOf('--out') + 1];
const { files, exitCode } = JSON.parse(readFileSync(recipe, 'utf8'));
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(out, name)), { recursive: true });
  writeFileSync(join(out, name), text);
}
mkdirSync(out, { recursive: true });
writeFileSync(
  join(out, 'given.json'),
  JSON.stringify({ command, options, env: process.env, cwd: process.cwd() }),
);
process.exitCode = exitCode;
