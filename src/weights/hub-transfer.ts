import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WeightsError } from './errors.ts';
import { writeFailed } from './file-writes.ts';
import { TransientHubError, hubError, statusError } from './hub-errors.ts';
import type { HubFile } from './hub-files.ts';

export interface Transfer {
  readonly url: string;
  /** Where the file stands when it is whole; until then it grows as `<target>.incomplete`. */
  readonly target: string;
  readonly file: HubFile;
  readonly fetch: typeof fetch;
  /** Called with the bytes that are there, those of an earlier try included. */
  readonly onBytes: (doneBytes: number) => void;
}

/**
 * One try to bring a file over. It goes on behind what an earlier try left (HTTP Range), checks length and digest, and only then
 * gives the file its name. Throws `TransientHubError` for what may pass and `WeightsError` for what will not.
 */
export async function transfer(job: Transfer): Promise<void> {
  try {
    await bring(job, `${job.target}.incomplete`, job.file.path);
  } catch (error) {
    throw writeFailed(job.target, error);
  }
}

async function bring(job: Transfer, partial: string, what: string): Promise<void> {
  await mkdir(dirname(job.target), { recursive: true });
  let start = await stat(partial).then(
    (stats) => stats.size,
    () => 0,
  );
  if (start > job.file.bytes) {
    await rm(partial, { force: true });
    start = 0;
  }
  if (start < job.file.bytes || start === 0) await receive(job, partial, start, what);
  const actual = await digest(partial, job.file);
  if (actual !== job.file.digest.hex) {
    await rm(partial, { force: true });
    throw new TransientHubError(
      `${what} arrived damaged (${job.file.digest.algorithm} ${actual}, ${job.file.digest.hex} was expected)`,
    );
  }
  await rename(partial, job.target);
}

async function receive(job: Transfer, partial: string, start: number, what: string): Promise<void> {
  let response: Response;
  try {
    response = await job.fetch(job.url, {
      // Compressed answers would make byte positions meaningless.
      headers: { 'Accept-Encoding': 'identity', ...(start > 0 && { Range: `bytes=${start}-` }) },
    });
  } catch (error) {
    throw hubError(error, what);
  }
  if (response.status === 416) {
    await response.body?.cancel();
    await rm(partial, { force: true });
    throw new TransientHubError('the hub cannot continue the download');
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw statusError(response.status, what, response.headers.get('retry-after'));
  }
  const resumed =
    response.status === 206 &&
    (response.headers.get('content-range')?.startsWith(`bytes ${start}-`) ?? false);
  const handle = await open(partial, resumed ? 'a' : 'w');
  let done = resumed ? start : 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      done += chunk.byteLength;
      if (done > job.file.bytes) break;
      await handle.writeFile(chunk);
      job.onBytes(done);
    }
    await handle.sync();
  } catch (error) {
    throw hubError(error, what);
  } finally {
    await handle.close();
  }
  if (done > job.file.bytes) {
    await rm(partial, { force: true });
    throw new TransientHubError(`${what} is longer than the ${job.file.bytes} bytes that the hub lists`);
  }
  if (done < job.file.bytes) {
    throw new TransientHubError(`${what} was cut off after ${done} of ${job.file.bytes} bytes`);
  }
}

/** sha256 of the content, or git's object id: sha1 over `blob <length>\0` and the content. */
async function digest(path: string, file: HubFile): Promise<string> {
  const hash =
    file.digest.algorithm === 'sha256'
      ? createHash('sha256')
      : createHash('sha1').update(`blob ${file.bytes}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The sentence for a fault that did not pass. */
export function givenUp(error: TransientHubError, what: string, tries: number): WeightsError {
  const corrupt = error.message.includes('arrived damaged');
  const advice = error.unreachable
    ? 'Check the network and HF_ENDPOINT; with HF_HUB_OFFLINE=1 what is cached is used.'
    : 'Try again later; a download goes on where it stopped, and offline mode uses what is cached.';
  return new WeightsError(
    corrupt ? 'hub-corrupt' : 'hub-unavailable',
    `${what} could not be fetched: ${error.message}, ${tries} ${tries === 1 ? 'try' : 'tries'}. ${advice}`,
    { cause: error },
  );
}
