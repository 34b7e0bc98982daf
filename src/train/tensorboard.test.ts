import { expect, test } from 'vitest';
import { crc32c, tensorboardEvents } from './tensorboard.ts';

test.each([
  // RFC 3720, appendix B.4
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(255), 0x62a8ab43],
  ['32 increasing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
])('crc32c of %s', (_, data, expected) => {
  expect(crc32c(data)).toBe(expected);
});

test('a file begins with the version record as TensorFlow writes it', () => {
  const file = tensorboardEvents([], 1);
  expect(file.readBigUInt64LE(0)).toBe(24n);
  expect(file.subarray(12, 36).toString('latin1')).toContain('brain.Event:2');
  expect(file).toHaveLength(8 + 4 + 24 + 4);
});

test('a step of the log is one record with its numbers', () => {
  const numbers = { loss: 2.5, learningRate: 1e-3, gradNorm: 0.5, tokens: 256, tokensPerSecond: 128 };
  const file = tensorboardEvents([{ step: 300, ...numbers, validationLoss: 2.25 }], 1);
  const event = file.subarray(40 + 12);
  // wall_time (field 1, double): a start at 1 s and 256 tokens at 128 a second
  expect([event[0], event.readDoubleLE(1)]).toEqual([0x09, 3]);
  // step (field 2, varint): 300 = 0xac 0x02
  expect([...event.subarray(9, 12)]).toEqual([0x10, 0xac, 0x02]);
  const at = event.indexOf('validation/loss') + 'validation/loss'.length;
  expect([event[at], event.readFloatLE(at + 1)]).toEqual([0x15, 2.25]);
});
