import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface MeasuredStep {
  readonly seconds: number;
  readonly loss: number;
  readonly peakRssBytes: number;
}

/** A program that answers every line with a line of JSON. */
export interface Peer {
  readonly name: string;
  /** Its first line, when it had warmed up. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** The answer to any line. */
  ask(line: string): Promise<Record<string, unknown>>;
  /** The answer to the line `step`. */
  step(): Promise<MeasuredStep>;
  stop(): void;
}

/** Starts a peer and waits until it has warmed up. */
export async function startPeer(name: string, command: readonly string[]): Promise<Peer> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${name} ended: ${command.join(' ')}`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  const first = await next();
  if (first['ready'] !== true) throw new Error(`${name} said ${JSON.stringify(first)}`);
  const ask = (line: string): Promise<Record<string, unknown>> => {
    child.stdin.write(`${line}\n`);
    return next();
  };
  return {
    ...{ name, ready: first },
    ask,
    step: async () => (await ask('step')) as unknown as MeasuredStep,
    stop: () => {
      child.stdin.end('quit\n');
    },
  };
}

/**
 * `rounds` steps of every peer, in turn and starting with another one each time: drift of the machine hits all alike.
 * @returns the steps of each, in the peers' order
 */
export async function stepsInTurn(peers: readonly Peer[], rounds: number): Promise<MeasuredStep[][]> {
  const steps: MeasuredStep[][] = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < peers.length; i++) {
      const at = (round + i) % peers.length;
      steps[at]!.push(await peers[at]!.step());
    }
  }
  return steps;
}
