// Works until told to stop, then "writes a checkpoint" and ends as interrupted but resumable.
import { setInterval, setTimeout } from 'node:timers';

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    console.error(`stopping on ${signal}`);
    setTimeout(() => process.exit(75), 300);
  });
}
console.error('working');
setInterval(() => undefined, 1000);
