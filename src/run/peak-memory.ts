import { runProgram } from '../engine/run-program.ts';
import type { EngineDevice } from '../engine/device.ts';

/**
 * The most memory that this process had in use so far, in bytes: on a CPU its resident memory, on a GPU what TensorFlow holds
 * there, as its allocator grows and gives nothing back. Undefined where nothing tells it.
 */
export async function peakMemoryBytes(
  { kind }: Pick<EngineDevice, 'kind'>,
  env: NodeJS.ProcessEnv,
): Promise<number | undefined> {
  // Kilobytes on every system, whatever `getrusage` gives there.
  if (kind === 'cpu') return process.resourceUsage().maxRSS * 1024;
  const gpu = env['CUDA_VISIBLE_DEVICES'] ?? '0';
  const processes = await query(['--query-compute-apps=pid,used_memory'], gpu, env);
  const own = processes?.find(([pid]) => pid === process.pid);
  if (own !== undefined) return mebibytes(own[1]);
  // In a container with process ids of its own no process is listed: then the card is taken to be this run's alone.
  if (processes === undefined || processes.length > 0) return undefined;
  const [card] = (await query(['--query-gpu=memory.used'], gpu, env)) ?? [];
  return mebibytes(card?.[0]);
}

/** Rows of numbers; undefined where `nvidia-smi` is missing or fails. */
async function query(
  what: readonly string[],
  gpu: string,
  env: NodeJS.ProcessEnv,
): Promise<number[][] | undefined> {
  const format = [`--id=${gpu}`, '--format=csv,noheader,nounits'];
  const result = await runProgram('nvidia-smi', [...what, ...format], { env, timeoutMs: 20_000 });
  if (result.state !== 'ended' || result.exitCode !== 0) return undefined;
  const lines = result.stdout.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => line.split(',').map(Number));
}

function mebibytes(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value * 2 ** 20 : undefined;
}
