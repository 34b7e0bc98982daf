// Ignores what asks it to stop.
import { setInterval } from 'node:timers';

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
console.error('working');
setInterval(() => undefined, 1000);
