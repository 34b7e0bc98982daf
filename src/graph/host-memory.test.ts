import { expect, test } from 'vitest';
import { isUnaligned, release, unalignedArray } from './host-memory.ts';

test('an array made for TensorFlow to copy is not aligned, and is full of zeros', () => {
  for (const type of [Float32Array, Int32Array, Uint8Array]) {
    const array = unalignedArray<Float32Array | Int32Array | Uint8Array>(type, 5);
    expect([...array]).toEqual([0, 0, 0, 0, 0]);
    expect(isUnaligned(array)).toBe(true);
  }
  expect(isUnaligned(new Float32Array(5))).toBe(false);
});

test('what is released is free at once, and empty', () => {
  const BYTES = 64e6;
  const before = process.memoryUsage();
  for (let round = 0; round < 20; round++) {
    const array = new Uint8Array(BYTES).fill(1);
    release(array);
    expect(array.byteLength).toBe(0);
  }
  const { arrayBuffers, rss } = process.memoryUsage();
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan(BYTES / 4);
  expect(rss - before.rss).toBeLessThan(BYTES / 2);
});

test('a small array stays, as it may share a buffer with others', () => {
  const array = Buffer.from('abc');
  release(array);
  expect(array.toString()).toBe('abc');
});
