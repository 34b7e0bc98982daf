// Ends itself by a signal, as a fault in native code does.
import { setInterval } from 'node:timers';

console.error('about to end');
process.kill(process.pid, process.argv[2]);
setInterval(() => undefined, 1000);
