import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { DataError } from './data-error.ts';
import { createDocumentEncoder } from './encode-documents.ts';
import { createTextEncoder } from './text-encoder.ts';

import type { DataErrorCode } from './data-error.ts';
import type { DocumentBatch, EncodeOptions, EncodedBatch } from './encode-documents.ts';
import type { TextEncoderOptions } from './text-encoder.ts';

export interface TokenWorkerOptions extends EncodeOptions {
  readonly tokenizer: TextEncoderOptions;
}

/** To a worker. */
export interface TokenWorkerRequest {
  readonly id: number;
  readonly batch: DocumentBatch;
}

/** From a worker. */
export type TokenWorkerReply =
  | { readonly id: number; readonly encoded: EncodedBatch }
  | { readonly id: number; readonly failure: { readonly code: DataErrorCode | undefined; readonly message: string } };

const MARK = 'inheritune token worker';

/**
 * Starts a thread that answers each `TokenWorkerRequest` with a `TokenWorkerReply`.
 * The thread runs this very module: in the bundle that is the whole command in its one file, which stops below, before
 * anything of the command itself runs; from a checkout it is this source file, for which the thread needs tsx.
 */
export function startTokenWorker(options: TokenWorkerOptions): Worker {
  const self = import.meta.url;
  const settings = { workerData: { mark: MARK, options }, execArgv: [], argv: [] };
  if (!self.endsWith('.ts')) return new Worker(new URL(self), settings);
  const tsx = dirname(createRequire(self).resolve('tsx/package.json'));
  const api = pathToFileURL(join(tsx, 'dist', 'esm', 'api', 'index.mjs')).href;
  const start = `import(${JSON.stringify(api)}).then(({ register }) => { register(); return import(${JSON.stringify(self)}); })`;
  return new Worker(start, { ...settings, eval: true });
}

const given = workerData as { mark?: unknown; options?: TokenWorkerOptions } | null;
if (!isMainThread && given?.mark === MARK) {
  serve(given.options!);
  // Never comes: the rest of a bundle is a command line, which is not to run here. The open port keeps the thread.
  await new Promise<never>(() => undefined);
}

function serve(options: TokenWorkerOptions): void {
  const port = parentPort!;
  let encoder: ReturnType<typeof createDocumentEncoder> | undefined;
  const answer = async ({ id, batch }: TokenWorkerRequest): Promise<void> => {
    try {
      encoder ??= createDocumentEncoder(options, createTextEncoder(options.tokenizer));
      const encoded = await encoder.encode(batch);
      const reply: TokenWorkerReply = { id, encoded };
      port.postMessage(reply, [encoded.bytes.buffer]);
    } catch (error) {
      const code = error instanceof DataError ? error.code : undefined;
      const message = error instanceof DataError ? error.message : String((error as Error).stack ?? error);
      port.postMessage({ id, failure: { code, message } } satisfies TokenWorkerReply);
    }
  };
  // One after the other: the reader keeps one block of bytes.
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: TokenWorkerRequest) => {
    last = last.then(() => answer(request));
  });
}
