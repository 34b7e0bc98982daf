import { readFile, rm, writeFile } from 'node:fs/promises';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { inRepository } from '../../test/support/repository.ts';

test("the README's example runs and finds the line", async () => {
  const readme = await readFile(inRepository('src/graph/README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  // Beside the files it imports.
  const file = inRepository(`src/graph/.readme-${process.pid}.ts`);
  await writeFile(
    file,
    `import { testEngine } from '../../test/support/test-engine.ts';\nconst engine = await testEngine();\n${example}`,
  );
  try {
    const { stdout } = await execaNode(file, { nodeOptions: ['--import', 'tsx'] });
    const [flop, ...weights] = stdout.split('\n');
    expect(Number(flop)).toBe(2 * (2 * 4 * 2 * 1));
    const [a, b] = [...weights.join(' ').matchAll(/-?\d+(\.\d+)?(?=[,\s\]])/g)].map(([text]) => Number(text));
    expect(a).toBeCloseTo(2, 2);
    expect(b).toBeCloseTo(-1, 2);
  } finally {
    await rm(file);
  }
});
