import { z } from 'zod';

// What several parts of a run record are made of.

export const number = z.number();
export const wholeNumber = number.int().min(0);
export const hash = z.string().regex(/^[0-9a-f]{64}$/, 'is not a sha256');
export const lossPoint = z.looseObject({ step: wholeNumber, lossNats: number });

/** Losses along a training. */
export const training = z.looseObject({
  steps: wholeNumber,
  tokens: wholeNumber,
  precision: z.string(),
  losses: z.array(lossPoint),
  validation: z.array(lossPoint),
});
