// Allocates until V8 gives up; run with a small --max-old-space-size.
const kept = [];
for (;;) kept.push(Array.from({ length: 1000 }, () => Math.random()));
