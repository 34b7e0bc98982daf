import { inRepository } from '../../test/support/repository.ts';
import { startPeer } from '../speed/peer.ts';
import type { Peer } from '../speed/peer.ts';
import type { Job } from './jobs.ts';

/** A job's answer from either side. */
export interface Timed {
  readonly seconds: number;
  /** By task and group: acc (mc2 for TruthfulQA). */
  readonly scores: Readonly<Record<string, number>>;
}

export interface OurTime extends Timed {
  /** Of `seconds`: tracing the graph, and TensorFlow's preparation of it. */
  readonly compileSeconds: number;
  /** Reading the weights; not in `seconds`. */
  readonly loadSeconds: number;
  readonly tokensComputed: number;
}

export interface TheirTime extends Timed {
  readonly batchSize: number;
  /** Of `seconds`: inside the model's `loglikelihood`. */
  readonly scoringSeconds: number;
}

export interface MeasuredJob {
  readonly job: Job;
  readonly ours: OurTime;
  /** One for every batch size whose process is still alive: a large one may run out of memory. */
  readonly theirs: readonly TheirTime[];
}

export interface Setting {
  /** Folder in Hugging Face layout. */
  readonly model: string;
  /** Folder of `<task>.jsonl` files. */
  readonly data: string;
  readonly threads: number;
  readonly batchSizes: readonly number[];
  readonly python: string;
}

const WARM_UP: Job = { name: 'warm-up', tasks: ['wnli'], limit: 2, fewShot: null };

/** Gives every job to every program in turn, starting with another one each time: drift of the machine hits all alike. */
export async function measureJobs(jobs: readonly Job[], setting: Setting): Promise<MeasuredJob[]> {
  const ours = await startOurs(setting);
  const theirs = new Map<number, Peer>();
  for (const batchSize of setting.batchSizes) theirs.set(batchSize, await startTheirs(batchSize, setting));
  // Libraries set themselves up in their first run.
  for (const peer of [ours, ...theirs.values()]) await peer.ask(JSON.stringify(WARM_UP));
  const measured: MeasuredJob[] = [];
  for (const [turn, job] of jobs.entries()) {
    const peers = [...theirs, [undefined, ours] as const];
    let own: OurTime | undefined;
    const others: TheirTime[] = [];
    for (let i = 0; i < peers.length; i++) {
      const [batchSize, peer] = peers[(i + turn) % peers.length]!;
      if (batchSize === undefined) {
        own = (await peer.ask(JSON.stringify(job))) as unknown as OurTime;
        continue;
      }
      try {
        others.push({ ...((await peer.ask(JSON.stringify(job))) as unknown as TheirTime), batchSize });
      } catch (error) {
        console.error(
          `lm-eval with batches of ${batchSize} is left out from ${job.name} on: ${String(error)}`,
        );
        theirs.delete(batchSize);
      }
    }
    measured.push({ job, ours: own!, theirs: others.sort((a, b) => a.batchSize - b.batchSize) });
    console.error(progressLine(measured.at(-1)!));
  }
  for (const peer of [ours, ...theirs.values()]) peer.stop();
  return measured;
}

function startOurs({ model, data, threads }: Setting): Promise<Peer> {
  const program = inRepository('benchmarks/evaluate/our-peer.ts');
  return startPeer('ours', [process.execPath, '--import', 'tsx', program, model, data, String(threads)]);
}

function startTheirs(batchSize: number, { python, model, data, threads }: Setting): Promise<Peer> {
  return startPeer(`lm-eval in batches of ${batchSize}`, [
    ...[python, inRepository('benchmarks/evaluate/lm_eval_peer.py'), '--model', model, '--data', data],
    ...['--batch-size', String(batchSize), '--threads', String(threads)],
  ]);
}

function progressLine({ job, ours, theirs }: MeasuredJob): string {
  const others = theirs.map(({ batchSize, seconds }) => `${batchSize}: ${seconds.toFixed(1)} s`);
  return `${job.name}: ours ${ours.seconds.toFixed(1)} s, lm-eval ${others.join(', ')}`;
}
