import { MessageChannel } from 'node:worker_threads';
import type { HostArray } from './tf-types.ts';

/** V8 gives every buffer at least this alignment, and no build of TensorFlow takes over memory that has less. */
const LEAST_ALIGNMENT = 16;

/**
 * Whether TensorFlow is sure to copy an array at once (`TF_NewTensor` in `c/tf_tensor.cc`). One that happens to be aligned for
 * its vectors, to 16 to 64 bytes, it takes over as it is.
 */
export function isUnaligned({ byteOffset }: HostArray): boolean {
  return byteOffset % LEAST_ALIGNMENT !== 0;
}

export interface HostArrayType<T extends HostArray = HostArray> {
  new (buffer: ArrayBuffer, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** Zeros that TensorFlow is sure to copy. */
export function unalignedArray<T extends HostArray>(type: HostArrayType<T>, length: number): T {
  return new type(new ArrayBuffer(4 + length * type.BYTES_PER_ELEMENT), 4, length);
}

/** Less is left to the garbage collector: it is not worth the call, and Node shares one buffer among small arrays. */
const LEAST_BYTES = 2 ** 16;

let nowhere: MessageChannel['port1'] | undefined;

/**
 * Gives a large array's memory back at once; it is empty afterwards, and so is whatever shares its buffer. V8 lets tens of
 * megabytes of dead arrays lie before it looks for them, and the largest tensor of a model is often larger than that.
 */
export function release({ buffer, byteLength }: ArrayBufferView): void {
  if (byteLength < LEAST_BYTES || !(buffer instanceof ArrayBuffer)) return;
  if (nowhere === undefined) {
    nowhere = new MessageChannel().port1;
    nowhere.close();
  }
  // What is transferred to a closed port leaves here and arrives nowhere. Node 20 lacks `ArrayBuffer.prototype.transfer`.
  nowhere.postMessage(undefined, [buffer]);
}
