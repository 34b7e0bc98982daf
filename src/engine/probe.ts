import { lastLine, runProgram } from './run-program.ts';

/** What became of a small computation in a process of its own. */
export type ProbeResult =
  | { readonly state: 'correct'; readonly tensorflowVersion: string; readonly usesGpu: boolean }
  | { readonly state: 'wrong'; readonly values: readonly number[]; readonly expected: readonly number[] }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'crashed'; readonly signal: string; readonly reason: string }
  | { readonly state: 'hung'; readonly afterMs: number };

export interface ProbeOptions {
  readonly addonPath: string;
  readonly env: NodeJS.ProcessEnv;
  /** The Node to load the addon in; the running one by default. */
  readonly node?: string;
  readonly timeoutMs?: number;
}

/** [[1, 2], [3, 4]] times [[5, 6], [7, 8]]. */
const EXPECTED = [19, 22, 43, 50];

/** CommonJS without dependencies, so that it runs from the bundle as well as from a checkout. */
const PROGRAM = `
const binding = require(process.argv[1]);
const type = (name, value) => ({ name, type: binding.TF_ATTR_TYPE, value });
const flag = (name) => ({ name, type: binding.TF_ATTR_BOOL, value: false });
const tensor = (values) => binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array(values));
const [product] = binding.executeOp('MatMul', [type('T', binding.TF_FLOAT), flag('transpose_a'), flag('transpose_b')],
  [tensor([1, 2, 3, 4]), tensor([5, 6, 7, 8])], 1);
process.stdout.write(JSON.stringify({ version: binding.TF_Version, gpu: binding.isUsingGpuDevice(),
  values: Array.from(binding.tensorDataSync(product.id)) }));
`;

/** Loads the addon in a child process and multiplies two matrices, so that a crash is a finding and not our end. */
export async function probeEngine(options: ProbeOptions): Promise<ProbeResult> {
  const timeoutMs = options.timeoutMs ?? 300_000;
  const defaults = { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true' };
  // A loader or inspector meant for this process has no business in the child.
  const env = { ...defaults, ...options.env, NODE_OPTIONS: undefined };
  const result = await runProgram(options.node ?? process.execPath, ['-e', PROGRAM, options.addonPath], {
    env,
    timeoutMs,
  });
  if (result.state === 'timed-out') return { state: 'hung', afterMs: timeoutMs };
  if (result.state === 'missing') return { state: 'failed', reason: result.reason };
  if (result.state === 'killed') {
    return { state: 'crashed', signal: result.signal, reason: lastLine(result.stderr) };
  }
  if (result.exitCode !== 0) return { state: 'failed', reason: errorLine(result.stderr) };
  const answer = JSON.parse(result.stdout) as { version: string; gpu: boolean; values: number[] };
  if (answer.values.length !== EXPECTED.length || answer.values.some((value, i) => value !== EXPECTED[i])) {
    return { state: 'wrong', values: answer.values, expected: EXPECTED };
  }
  return { state: 'correct', tensorflowVersion: answer.version, usesGpu: answer.gpu };
}

/** One line for people: what a probe that went wrong found. */
export function describeProbe(result: ProbeResult): string {
  switch (result.state) {
    case 'correct':
      return `TensorFlow ${result.tensorflowVersion} computes on the ${result.usesGpu ? 'GPU' : 'CPU'}`;
    case 'wrong':
      return `a matrix product came out as ${result.values.join(', ')} instead of ${result.expected.join(', ')}`;
    case 'failed':
      return `it cannot be loaded: ${result.reason}`;
    case 'crashed':
      return `it crashed with ${result.signal}${result.reason === '' ? '' : ` (${result.reason})`}`;
    case 'hung':
      return `it did not answer within ${result.afterMs / 1000} s`;
  }
}

/** Node prints the error's message on the line that starts with its class. */
function errorLine(stderr: string): string {
  return /^(?:\w*Error): (.*)$/m.exec(stderr)?.[1] ?? lastLine(stderr);
}
