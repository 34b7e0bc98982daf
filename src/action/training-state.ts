import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TRAIN_LOG } from '../train/train-log.ts';

/** How far a training is, from the last lines of its log. */
export interface TrainingState {
  /** The folder of the model, where the run trains several; undefined for the one of the run itself. */
  readonly model?: string;
  /** Optimizer steps done. */
  readonly step: number;
  /** Mean of the last step's micro-batches, nats per token. */
  readonly lossNats: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly tokensPerStep: number;
}

/** A line has about 150 bytes: enough for dozens, whatever the length of the log. */
const TAIL_BYTES = 16_384;

/** "reference", "target-4-blocks": the name is shown, and anybody's code may have made the folder. */
const MODEL_FOLDER = /^[a-z0-9-]{1,60}$/;

/** What the training's log says now; undefined while there is no whole line that was written after `sinceMs`. */
export function readTrainingState(folder: string, sinceMs: number): TrainingState | undefined {
  const log = newestLog(folder);
  const tail = log && readTail(log.path, sinceMs);
  const lines =
    tail
      ?.split('\n')
      .slice(0, -1)
      .map(parseLine)
      .filter((line) => line !== undefined) ?? [];
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  const before = lines.at(-2);
  const tokensPerStep =
    before === undefined
      ? last.tokens / last.step
      : (last.tokens - before.tokens) / (last.step - before.step);
  return { ...last, tokensPerStep, ...(log?.model === undefined ? {} : { model: log.model }) };
}

/** When the training's log last grew, in milliseconds since the epoch; undefined where there is none. */
export function trainingLogTimeMs(folder: string): number | undefined {
  return newestLog(folder)?.mtimeMs;
}

/** Seconds that the remaining steps take at the last rate; undefined where the length or the rate is not known. */
export function secondsLeft(state: TrainingState, totalSteps: number | undefined): number | undefined {
  if (totalSteps === undefined || !(state.tokensPerSecond > 0)) return undefined;
  return (Math.max(0, totalSteps - state.step) * state.tokensPerStep) / state.tokensPerSecond;
}

/** The log that grew last: a run that trains its reference or grows has one for each model, in a folder below its own. */
function newestLog(
  folder: string,
): { readonly path: string; readonly model: string | undefined; readonly mtimeMs: number } | undefined {
  let below: string[] = [];
  try {
    below = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && MODEL_FOLDER.test(entry.name) ? [entry.name] : [],
    );
  } catch {
    // The run has not made its folder yet.
  }
  const logs = [undefined, ...below].flatMap((model) => {
    const path = join(folder, model ?? '', TRAIN_LOG);
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return mtimeMs === undefined ? [] : [{ path, model, mtimeMs }];
  });
  return logs.sort((a, b) => b.mtimeMs - a.mtimeMs)[0];
}

function readTail(path: string, sinceMs: number): string | undefined {
  return openTail(path, (file, { size, mtimeMs }) => {
    if (mtimeMs < sinceMs) return undefined;
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
    // The first line of a cut-off piece is not whole.
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  });
}

function openTail<T>(
  path: string,
  use: (file: number, stat: { size: number; mtimeMs: number }) => T,
): T | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return use(file, fstatSync(file));
  } finally {
    closeSync(file);
  }
}

function parseLine(line: string): Omit<TrainingState, 'tokensPerStep' | 'model'> | undefined {
  try {
    const { step, loss, tokens, tokensPerSecond } = JSON.parse(line) as Record<string, unknown>;
    const numbers = [step, loss, tokens, tokensPerSecond];
    if (!numbers.every((value) => typeof value === 'number')) return undefined;
    const [stepNumber, lossNats, tokenCount, rate] = numbers as [number, number, number, number];
    return stepNumber > 0
      ? { step: stepNumber, lossNats, tokens: tokenCount, tokensPerSecond: rate }
      : undefined;
  } catch {
    return undefined;
  }
}
