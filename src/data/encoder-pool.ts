import { DataError } from './data-error.ts';
import { createDocumentEncoder } from './encode-documents.ts';
import { createTextEncoder } from './text-encoder.ts';
import { startTokenWorker } from './token-worker.ts';

import type { Worker } from 'node:worker_threads';
import type { DocumentBatch, EncodeOptions, EncodedBatch } from './encode-documents.ts';
import type { TextEngine } from './text-encoder.ts';
import type { TokenWorkerReply, TokenWorkerRequest } from './token-worker.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Turns batches of documents into ids, on several threads or on the calling one. */
export interface EncoderPool {
  /** Batches that can be under way at once without anyone waiting. */
  readonly width: number;
  encode(batch: DocumentBatch): Promise<EncodedBatch>;
  close(): Promise<void>;
}

/** Two batches a thread: one under way, one waiting, so that no thread is idle while its result travels. */
const BATCHES_PER_WORKER = 2;

/**
 * `workers` threads (0: the calling one) that give the same ids as `tokenizer.encode`.
 * @throws DataError from `encode`: those of the encoder, and `worker-failed` where a thread died.
 */
export function createEncoderPool(
  options: EncodeOptions & { readonly tokenizer: Tokenizer; readonly engine: TextEngine; readonly workers: number },
): EncoderPool {
  const { tokenizer, engine, workers, ...shared } = options;
  const { files } = tokenizer;
  if (workers === 0 || files === undefined) {
    const encodeTexts =
      engine === 'native' && files !== undefined
        ? createTextEncoder({ files, engine })
        : (texts: readonly string[]) => texts.map((text) => tokenizer.encode(text, { addSpecialTokens: false }));
    const encoder = createDocumentEncoder(shared, encodeTexts);
    return { width: 1, encode: (batch) => encoder.encode(batch), close: () => encoder.close() };
  }
  const threads = Array.from({ length: workers }, () =>
    createThread(startTokenWorker({ ...shared, tokenizer: { files, engine } })),
  );
  return {
    width: workers * BATCHES_PER_WORKER,
    encode(batch) {
      const free = threads.reduce((best, thread) => (thread.load() < best.load() ? thread : best));
      return free.encode(batch);
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

interface Thread {
  load(): number;
  encode(batch: DocumentBatch): Promise<EncodedBatch>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (encoded: EncodedBatch) => void;
  readonly reject: (error: Error) => void;
}

function createThread(worker: Worker): Thread {
  const waiting = new Map<number, Waiting>();
  let next = 0;
  let failure: Error | undefined;
  const fail = (reason: string, cause?: unknown): void => {
    failure ??= new DataError(
      'worker-failed',
      `A tokenizing thread ended (${reason}). Run the command again: it goes on from the last complete shard; if memory was short, use fewer workers.`,
      { cause },
    );
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  worker.on('message', (reply: TokenWorkerReply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if ('encoded' in reply) asked?.resolve(reply.encoded);
    else asked?.reject(thrown(reply.failure));
  });
  worker.on('error', (error) => {
    fail(error instanceof Error ? error.message : String(error), error);
  });
  worker.on('exit', (code) => {
    fail(`exit code ${String(code)}`);
  });
  return {
    load: () => waiting.size,
    encode: (batch) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const id = (next += 1);
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, batch } satisfies TokenWorkerRequest);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

function thrown({ code, message }: { code: ConstructorParameters<typeof DataError>[0] | undefined; message: string }): Error {
  return code === undefined ? new Error(message) : new DataError(code, message);
}
