import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { memoryOfRuns } from '../../src/graph/cost.ts';
import { FETCH, traceTraining } from '../../src/train/training-program.ts';
import type { TrainingShape } from '../../src/train/training-program.ts';
import type { StepResult } from '../../src/train/training-session.ts';

/** What a few training steps in a process of their own needed. */
export interface StepMemory {
  /** Growth of the largest resident set, from the loaded engine and graph through all steps, less code read from files. */
  readonly grownBytes: number;
  readonly steps: readonly StepResult[];
}

/** Runs real steps of this shape in a process of its own (Linux). */
export async function measureStep(shape: TrainingShape): Promise<StepMemory> {
  const { stdout } = await execaNode(
    fileURLToPath(new URL('measure-step.ts', import.meta.url)),
    [JSON.stringify(shape)],
    {
      nodeOptions: ['--import', 'tsx'],
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      stdin: 'pipe',
    },
  );
  return JSON.parse(stdout) as StepMemory;
}

/** The same growth as `plan` computes it. */
export function predictStep(shape: TrainingShape): number {
  const update = [FETCH.update, FETCH.gradientNorm];
  const runs = shape.accumulate === 1 ? [update] : [[FETCH.first], update];
  const { poolBytes, constantBytes, processBytes } = memoryOfRuns(traceTraining(shape), runs);
  return poolBytes + constantBytes + processBytes;
}
