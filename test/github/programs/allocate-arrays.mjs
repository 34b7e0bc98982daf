// Asks for more array memory than there is, as a too large batch does.
const kept = [];
for (;;) kept.push(new Float32Array(2 ** 32).fill(1));
