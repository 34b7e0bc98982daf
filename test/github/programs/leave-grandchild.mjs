// Ends while a process it started goes on and holds its standard error.
import { spawn } from 'node:child_process';
const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
grandchild.unref();
console.error(`grandchild ${grandchild.pid}`);
process.exit(0);
