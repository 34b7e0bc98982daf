import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const TRAIN_LOG = 'train.jsonl';

/** One line of `train.jsonl`: an optimizer step, counted from 1. */
export interface TrainLogLine {
  readonly step: number;
  /** Mean over the step's micro-batches in nats, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradNorm: number;
  /** Tokens trained on up to and including this step. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** Only on steps after which it was computed. */
  readonly validationLoss?: number;
}

/** Appends a line; a reader that follows the file sees whole lines only. */
export async function appendTrainLog(folder: string, line: TrainLogLine): Promise<void> {
  await appendFile(join(folder, TRAIN_LOG), `${JSON.stringify(line)}\n`);
}

/** Keeps the lines up to `step`: what a resumed run repeats is not listed twice. */
export async function rewindTrainLog(folder: string, step: number): Promise<void> {
  const lines = await readTrainLog(folder);
  const kept = lines.filter((line) => line.step <= step);
  await writeFile(join(folder, TRAIN_LOG), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** All whole lines; a last line that was cut off by a kill is left out. */
export async function readTrainLog(folder: string): Promise<TrainLogLine[]> {
  const text = await readFile(join(folder, TRAIN_LOG), 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TrainLogLine);
}
