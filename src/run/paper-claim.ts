import type { DeviceRate } from './device-rates.ts';

/** What the paper says of a training this plan is about, beside what arithmetic says. */
export interface PaperClaim {
  /** Share of the card's peak bfloat16 rate that finishing in the claimed time would take. */
  readonly neededUtilisation: number;
  readonly claimedHours: number;
}

/**
 * Inheritune (arXiv 2404.08634) trains a 1.5B model, the first 13 blocks of OpenLLaMA-3B, on 1B tokens "using a single A6000 GPU"
 * in "less than half a day". With embeddings, norm and head these are 1.8B parameters.
 */
const CLAIM = { device: 'a6000', parameters: 1_815_638_400, tokens: 1e9, hours: 12 };
const NEAR = 0.1;

/** Undefined unless the plan's model and tokens are within a tenth of the paper's, and the device is the same. */
export function paperClaim(
  device: DeviceRate,
  plan: { parameters: number; tokens: number; flop: number },
): PaperClaim | undefined {
  const near = (value: number, target: number): boolean => Math.abs(value / target - 1) <= NEAR;
  if (
    device.key !== CLAIM.device ||
    !near(plan.parameters, CLAIM.parameters) ||
    !near(plan.tokens, CLAIM.tokens)
  )
    return undefined;
  return { neededUtilisation: plan.flop / (CLAIM.hours * 3600) / device.bfloat16, claimedHours: CLAIM.hours };
}
