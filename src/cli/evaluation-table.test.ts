import { expect, test } from 'vitest';
import { makeBinaryTask, makeEvaluation } from '../../test/fixtures/judge/make-evaluation.ts';
import type { EvaluationResult } from '../evaluate/result.ts';
import { renderEvaluationTable } from './evaluation-table.ts';

/** Cells of the first row of a task. */
function cells(result: EvaluationResult, task: string): string[] {
  const row = renderEvaluationTable(result)
    .split('\n')
    .find((line) => line.startsWith(`| ${task} `));
  return (row ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const signals = { margin: -0.25, margin_stderr: 0.1, bits_per_byte: 1.5, bits_per_byte_stderr: 0.2 };
const wnli = { ...makeBinaryTask('wnli', [1, 1, 0, 1]), signals };

test('stands the scores that need no model and the continuous signals beside accuracy', () => {
  const task = { ...wnli, baselines: { uniform: 0.5, constant: 0.75 } };
  const result = makeEvaluation({ wnli: task });
  expect(cells(result, 'wnli').slice(0, 3)).toEqual(['wnli', 'acc', '75.00']);
  expect(cells(result, 'wnli').slice(4)).toEqual(['50.00', '75.00', '-0.250', '1.500', '4']);
});

test('leaves out what a task does not have', () => {
  const task = makeBinaryTask('truthfulqa_mc2', [1, 0]);
  expect(cells(makeEvaluation({ truthfulqa_mc2: task }), 'truthfulqa_mc2').slice(5)).toEqual([
    '–',
    '–',
    '–',
    '2',
  ]);
});

test('says what was computed and how long preparing took, counts prompts that were cut, and says when memory ran out', () => {
  const text = renderEvaluationTable(
    makeEvaluation(
      { wnli: { ...wnli, truncatedItems: 3 } },
      {
        scoring: {
          tokensPlain: 900_000,
          seconds: 2,
          compileSeconds: 1.234,
          maxRowTokens: 512,
          outOfMemory: 2,
        },
      },
    ),
  );
  expect(text).toContain(
    'Computed 100,000 tokens; every prompt alone would be 900,000. Preparing the graph took 1.2 s',
  );
  expect(text).toContain("Prompts longer than the model's context lost their start: WNLI 3 of 4");
  expect(text).toContain('Memory ran out (2 times); requests were put into rows of at most 512 tokens');
  expect(renderEvaluationTable(makeEvaluation({ wnli }))).not.toMatch(/lost their start|Memory ran out/);
});
