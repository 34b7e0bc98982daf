import { cpus, totalmem } from 'node:os';
import { runProgram } from './run-program.ts';

/** What computes. */
export interface EngineDevice {
  readonly kind: 'cpu' | 'cuda';
  readonly name: string;
  readonly memoryBytes?: number;
  /** Version of the NVIDIA driver. */
  readonly driver?: string;
}

/** Name and memory of the machine's processor. */
export function describeCpu(): EngineDevice {
  const cores = cpus();
  return { kind: 'cpu', name: `${cores[0]?.model ?? 'CPU'} x${cores.length}`, memoryBytes: totalmem() };
}

/**
 * Name, memory and driver of the GPU with this index or UUID, as `nvidia-smi` tells them;
 * a bare name where the tool is missing, as in some containers.
 */
export async function describeGpu(env: NodeJS.ProcessEnv, id = '0'): Promise<EngineDevice> {
  return (await listGpus(env, id))[0] ?? { kind: 'cuda', name: `NVIDIA GPU ${id}` };
}

/** All GPUs that `nvidia-smi` lists, or the one with this index or UUID. Empty where there is no driver. */
export async function listGpus(env: NodeJS.ProcessEnv, id?: string): Promise<EngineDevice[]> {
  const which = id === undefined ? [] : [`--id=${id}`];
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const result = await runProgram('nvidia-smi', [...which, ...query], { env, timeoutMs: 20_000 });
  if (result.state !== 'ended' || result.exitCode !== 0) return [];
  return result.stdout
    .split('\n')
    .map(parseGpuLine)
    .filter((gpu) => gpu !== undefined);
}

/**
 * One GPU for `CUDA_VISIBLE_DEVICES`: the N-th (from `cuda:N`, else the first) of those already visible.
 * TensorFlow would otherwise start on every GPU of the machine.
 */
export function visibleGpu(device: string, alreadyVisible: string | undefined): string {
  const index = Number(/^cuda:(\d+)$/.exec(device)?.[1] ?? 0);
  if (alreadyVisible === undefined) return String(index);
  // An id that does not exist stays invisible, which the caller then reports as "no usable GPU".
  return alreadyVisible.split(',').map((id) => id.trim())[index] || '-1';
}

function parseGpuLine(line: string): EngineDevice | undefined {
  const [name, memoryMiB, driver] = line.split(',').map((field) => field.trim());
  if (!name || !driver) return undefined;
  const memoryBytes = Number(memoryMiB) * 2 ** 20;
  return { kind: 'cuda', name, driver, ...(memoryBytes > 0 ? { memoryBytes } : {}) };
}
