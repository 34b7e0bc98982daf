import type { TrainLogLine } from './train-log.ts';

/**
 * A TensorBoard event file of a run's numbers.
 * Format: TFRecord (tensorflow/core/lib/io/record_writer.h) of Event messages (tensorflow/core/util/event.proto).
 * @param startedSeconds wall-clock time of the file's head, since 1970; the log has no times, so steps follow at their rates
 */
export function tensorboardEvents(lines: readonly TrainLogLine[], startedSeconds: number): Buffer {
  let wallTime = startedSeconds;
  const records = [record(Buffer.concat([double(1, wallTime), text(3, 'brain.Event:2')]))];
  let tokensBefore = 0;
  for (const line of lines) {
    wallTime += (line.tokens - tokensBefore) / line.tokensPerSecond;
    tokensBefore = line.tokens;
    const scalars: [string, number | undefined][] = [
      ['train/loss', line.loss],
      ['train/learning_rate', line.learningRate],
      ['train/gradient_norm', line.gradNorm],
      ['train/tokens', line.tokens],
      ['train/tokens_per_second', line.tokensPerSecond],
      ['train/mfu', line.mfu],
      ['validation/loss', line.validationLoss],
    ];
    const summary = Buffer.concat(
      scalars.flatMap(([tag, value]) =>
        value === undefined ? [] : [bytes(1, Buffer.concat([text(1, tag), float(2, value)]))],
      ),
    );
    records.push(record(Buffer.concat([double(1, wallTime), integer(2, line.step), bytes(5, summary)])));
  }
  return Buffer.concat(records);
}

/** Length, masked CRC of the length, data, masked CRC of the data. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedCrc(length), data, maskedCrc(data)]);
}

function maskedCrc(data: Buffer): Buffer {
  const crc = crc32c(data);
  const out = Buffer.alloc(4);
  // Rotated and moved (record_writer.h): a CRC of data that holds CRCs would be weak.
  out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return out;
}

/** Castagnoli's polynomial, reflected (RFC 3720, appendix B.4); Node has the other CRC-32 only. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
  return c;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;

function key(field: number, wireType: number): Buffer {
  return Buffer.from([(field << 3) | wireType]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([key(field, VARINT), varint(value)]);
}

function double(field: number, value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeDoubleLE(value);
  return Buffer.concat([key(field, FIXED_64), out]);
}

function float(field: number, value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return Buffer.concat([key(field, FIXED_32), out]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([key(field, LENGTH), varint(value.length), value]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}
