import { expect, it } from 'vitest';
import { reuseText } from './reuse-text.ts';

it.each([
  [[], [], 'No stage was asked for: 0 GPU-minutes.'],
  [['inherit', 'train'], [], 'No stage changed: 0 GPU-minutes.'],
  [[], ['train'], 'Every stage was run: train.'],
  [['inherit'], ['train', 'evaluate trained'], 'Run: train, evaluate trained. Taken over: inherit.'],
])('%j taken over and %j run', (reused, needed, text) => {
  expect(reuseText(reused, needed)).toBe(text);
});
