import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TensorDtype, TensorSpec } from './checkpoint.ts';
import { byteLength } from './dtype.ts';
import { WeightsError } from './errors.ts';
import { syncFolder, writeFailed } from './file-writes.ts';
import { MAX_HEADER_BYTES } from './safetensors-header.ts';

/** A safetensors file while it is written: tensors go in one by one, in `order`. */
export interface SafetensorsWriter {
  /** The order in which `write` must be called. */
  readonly order: readonly TensorSpec[];
  /** The little-endian bytes of the next tensor, whole or in pieces; no piece is asked for before the one before it is written. */
  write(name: string, data: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Flushes to disk and gives the file its name. Every tensor must have been written. */
  finish(): Promise<void>;
  /** Removes what was written so far. Safe to call after `finish`. */
  abort(): Promise<void>;
}

/**
 * Starts a safetensors file at `path` with the layout of the reference crate: header padded to 8 bytes, wide element types first,
 * then by name, so equal tensors give equal bytes. The file is written beside `path` and renamed by `finish`.
 * @param order as the crate has it, or as `specs` are given, for tensors that are cheaper to come by in that order
 */
export async function createSafetensors(
  path: string,
  specs: readonly TensorSpec[],
  { order: wanted = 'crate' }: { readonly order?: 'crate' | 'given' } = {},
): Promise<SafetensorsWriter> {
  const order = wanted === 'crate' ? crateOrder(specs) : specs;
  const header = encodeHeader(order, { format: 'pt' }, path);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx').catch((cause: unknown) => {
    throw writeFailed(path, cause);
  });
  let state: 'open' | 'closed' | 'finished' = 'open';
  let next = 0;

  async function put(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      // One write call takes at most 2^31 - 1 bytes.
      const length = Math.min(bytes.byteLength - done, 2 ** 30);
      done += (await handle.write(bytes, done, length)).bytesWritten;
    }
  }

  async function abort(): Promise<void> {
    if (state === 'open') await handle.close();
    if (state !== 'finished') await rm(temporary, { force: true });
    if (state === 'open') state = 'closed';
  }

  try {
    await put(header);
  } catch (cause) {
    await abort();
    throw writeFailed(path, cause);
  }

  return {
    order,
    abort,
    async write(name, data) {
      const spec = order[next];
      if (spec?.name !== name) {
        throw new Error(`${path}: tensor ${name} was written where ${spec?.name ?? 'the end'} belongs`);
      }
      const expected = byteLength(spec.dtype, spec.shape);
      let written = 0;
      for await (const piece of data instanceof Uint8Array ? [data] : data) {
        written += piece.byteLength;
        if (written > expected) break;
        await put(piece).catch((cause: unknown) => {
          throw writeFailed(path, cause);
        });
      }
      if (written !== expected) {
        throw new WeightsError(
          'bad-file',
          `Tensor ${name} came with ${written > expected ? 'more than ' : ''}${Math.min(written, expected)} bytes, but ${spec.dtype} [${spec.shape.join(', ')}] takes ${expected}. Its source is damaged.`,
        );
      }
      next++;
    },
    async finish() {
      if (next !== order.length)
        throw new Error(`${path}: only ${next} of ${order.length} tensors were written`);
      try {
        await handle.sync();
        await handle.close();
        state = 'closed';
        await rename(temporary, path);
        state = 'finished';
        await syncFolder(dirname(path));
      } catch (cause) {
        throw writeFailed(path, cause);
      }
    },
  };
}

/** Element types in the crate's order of increasing alignment (`enum Dtype`). */
const ALIGNMENT_ORDER: readonly TensorDtype[] = [
  'BOOL',
  'U8',
  'I8',
  'I16',
  'F16',
  'BF16',
  'I32',
  'F32',
  'F64',
  'I64',
];

function crateOrder(specs: readonly TensorSpec[]): TensorSpec[] {
  return [...specs].sort(
    (a, b) =>
      ALIGNMENT_ORDER.indexOf(b.dtype) - ALIGNMENT_ORDER.indexOf(a.dtype) ||
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
}

/** Built as text: an object would move keys that look like integers to the front. */
function encodeHeader(
  order: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>>,
  path: string,
): Uint8Array {
  const members = [`"__metadata__":${JSON.stringify(metadata)}`];
  let offset = 0;
  for (const { name, dtype, shape } of order) {
    const end = offset + byteLength(dtype, shape);
    members.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: [...shape], data_offsets: [offset, end] })}`,
    );
    offset = end;
  }
  const json = Buffer.from(`{${members.join(',')}}`);
  const length = Math.ceil(json.byteLength / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new WeightsError(
      'unsupported',
      `${path}: the header for ${order.length} tensors would take ${length} bytes, more than the ${MAX_HEADER_BYTES} that the format allows. Write smaller shards.`,
    );
  }
  const out = Buffer.alloc(8 + length, ' ');
  out.writeBigUInt64LE(BigInt(length), 0);
  json.copy(out, 8);
  return out;
}
