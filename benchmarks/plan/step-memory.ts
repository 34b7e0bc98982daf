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

/** Growth in bytes, the median of three processes: how malloc's arenas fill differs by several per cent from run to run. */
export async function measureGrowth(shape: TrainingShape): Promise<number> {
  const grown: number[] = [];
  for (let i = 0; i < 3; i++) grown.push((await measureStep(shape)).grownBytes);
  return grown.sort((a, b) => a - b)[1]!;
}

/** The same growth as `plan` computes it. */
export function predictStep(shape: TrainingShape): number {
  const update = [FETCH.update, FETCH.gradientNorm];
  const runs = shape.accumulate === 1 ? [update] : [[FETCH.first], update];
  const { poolBytes, constantBytes, processBytes } = memoryOfRuns(traceTraining(shape), runs);
  return poolBytes + constantBytes + processBytes;
}
