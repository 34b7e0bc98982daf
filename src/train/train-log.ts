import { appendFile, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

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
  /** Model FLOPs utilisation, from 0 to 1; only on devices whose peak rate is known. */
  readonly mfu?: number | undefined;
  /** Only on steps after which it was computed. */
  readonly validationLoss?: number;
}

/** Appends a line; a reader that follows the file sees whole lines only. */
export async function appendTrainLog(folder: string, line: TrainLogLine): Promise<void> {
  await appendFile(join(folder, TRAIN_LOG), `${JSON.stringify(line)}\n`);
}

/** Flushes the log to disk, so that a checkpoint never knows more steps than the log. */
export async function syncTrainLog(folder: string): Promise<void> {
  const handle = await open(join(folder, TRAIN_LOG), 'a');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Keeps the lines up to `step`: what a resumed run repeats is not listed twice. Replaced whole, so that a kill loses no line. */
export async function rewindTrainLog(folder: string, step: number): Promise<void> {
  const kept = (await readTrainLog(folder)).filter((line) => line.step <= step);
  await writeFileAtomic(join(folder, TRAIN_LOG), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** All whole lines; one that a kill or a full disk cut off is left out. */
export async function readTrainLog(folder: string): Promise<TrainLogLine[]> {
  return parseTrainLog(await readFile(join(folder, TRAIN_LOG), 'utf8').catch(() => ''));
}

/** Validation losses (nats) in the order of their steps. */
export function validationPoints(
  lines: readonly TrainLogLine[],
): { readonly step: number; readonly lossNats: number }[] {
  return lines.flatMap(({ step, validationLoss }) =>
    validationLoss === undefined ? [] : [{ step, lossNats: validationLoss }],
  );
}

/** The whole lines of a log's text. */
export function parseTrainLog(text: string): TrainLogLine[] {
  return text.split('\n').flatMap((line) => {
    const parsed = parseLine(line);
    return parsed === undefined ? [] : [parsed];
  });
}

function parseLine(line: string): TrainLogLine | undefined {
  try {
    const value = JSON.parse(line) as TrainLogLine;
    return typeof value === 'object' && typeof value.step === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}
