import { queryObjects } from 'node:v8';

/**
 * Frees arrays that nothing refers to any more. V8 would wait until its own heap needs room, and a model's host copies
 * would stay beside it for the whole run. Counting the instances of a class, whichever, makes V8 collect all it can; its `gc()` leaves some large arrays behind.
 * About 0.2 s.
 */
export function collectGarbage(): void {
  const { emitWarning } = process;
  // That the function is experimental is nothing to tell a user.
  process.emitWarning = () => undefined;
  try {
    queryObjects(FinalizationRegistry, { format: 'count' });
  } finally {
    process.emitWarning = emitWarning;
  }
}
