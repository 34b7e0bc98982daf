/** Dense matrix rate and memory of a device, from its maker's data sheet. */
export interface DeviceRate {
  readonly name: string;
  /** FLOP/s of bfloat16 products with float32 accumulation, without sparsity. */
  readonly bfloat16: number;
  /** FLOP/s of float32 products (TF32 where the card has it). */
  readonly float32: number;
  readonly memoryBytes: number;
  readonly source: string;
}

const TERA = 1e12;
const GIGABYTE = 1e9;

export const DEVICE_RATES: Readonly<Record<string, DeviceRate>> = {
  a6000: rate('RTX A6000', 154.8, 77.4, 48, 'NVIDIA RTX A6000 data sheet, NVIDIA Ampere GA102 white paper'),
  'a100-40': rate('A100 40 GB', 312, 156, 40, 'NVIDIA A100 data sheet'),
  'a100-80': rate('A100 80 GB', 312, 156, 80, 'NVIDIA A100 data sheet'),
  h100: rate('H100 SXM', 989.4, 494.7, 80, 'NVIDIA H100 data sheet (half of the sparse rates)'),
  '4090': rate('RTX 4090', 165.2, 82.6, 24, 'NVIDIA Ada GPU architecture white paper'),
};

/** Share of the peak that training reaches: a plain implementation, and the best published ones. */
export const UTILISATION = { low: 0.3, high: 0.5 } as const;

function rate(
  name: string,
  bfloat16: number,
  float32: number,
  gigabytes: number,
  source: string,
): DeviceRate {
  return {
    ...{ name, source },
    bfloat16: bfloat16 * TERA,
    float32: float32 * TERA,
    memoryBytes: gigabytes * GIGABYTE,
  };
}
