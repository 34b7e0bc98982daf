/** Dense matrix rate and memory of a device. */
export interface DeviceRate {
  readonly key: string;
  readonly name: string;
  readonly kind: 'gpu' | 'cpu';
  /** FLOP/s of bfloat16 products with float32 accumulation, without sparsity. */
  readonly bfloat16: number;
  /** FLOP/s of float32 products: TF32 where the card has it, which TensorFlow uses unless told otherwise. */
  readonly float32: number;
  readonly memoryBytes: number;
  /** What is not to be had for tensors: driver context, library handles and workspaces; on a CPU the process itself. */
  readonly reservedBytes: number;
  /** Share of the peak rate that whole training steps reach. */
  readonly utilisation: Utilisation;
  readonly source: string;
}

export interface Utilisation {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
}

const TERA = 1e12;
const GIGABYTE = 1e9;

/** Of a card's peak: plain implementations reach about 0.3, the best published ones 0.5 (PaLM's 0.46, MPT's 0.5). */
const GPU_UTILISATION: Utilisation = { low: 0.3, typical: 0.4, high: 0.5 };
/** Of what a lone matrix product reaches, which is measured: PyTorch's step takes two thirds of it. */
const CPU_UTILISATION: Utilisation = { low: 0.4, typical: 0.6, high: 0.8 };
const CUDA_BYTES = 1 * GIGABYTE;
/** Node, TensorFlow and its libraries, once loaded. */
const PROCESS_BYTES = 0.5 * GIGABYTE;

/** GPUs by the name `--device` takes. Gigabytes are decimal: cards have a few per cent more, and ECC takes some. */
export const GPU_RATES: readonly DeviceRate[] = [
  gpu('a6000', 'RTX A6000', 154.8, 77.4, 48, 'NVIDIA Ampere GA102 white paper, appendix A'),
  gpu('a100-40', 'A100 40 GB', 312, 156, 40, 'NVIDIA A100 data sheet'),
  gpu('a100-80', 'A100 80 GB', 312, 156, 80, 'NVIDIA A100 data sheet'),
  gpu(
    'h100',
    'H100 SXM',
    989.4,
    494.7,
    80,
    'NVIDIA H100 data sheet (which prints the sparse rates, twice these)',
  ),
  gpu('4090', 'RTX 4090', 165.2, 82.6, 24, 'NVIDIA Ada GPU architecture white paper, appendix A'),
];

/** Names by which `nvidia-smi` tells these cards, with or without the maker's; a variant with another rate is none of them. */
const DRIVER_NAMES: readonly (readonly [key: string, name: RegExp])[] = [
  ['a6000', /^RTX A6000$/],
  ['a100-40', /^A100-(SXM4|PCIE)-40GB$/],
  ['a100-80', /^A100(-SXM4-80GB| 80GB PCIe|-PCIE-80GB)$/],
  ['h100', /^H100 80GB HBM3$/],
  ['4090', /^GeForce RTX 4090$/],
];

/** The rate of the GPU with this name; undefined where it is none of the table's. */
export function gpuRateOf(driverName: string): DeviceRate | undefined {
  const name = driverName.replace(/^NVIDIA /, '');
  const key = DRIVER_NAMES.find(([, pattern]) => pattern.test(name))?.[0];
  return GPU_RATES.find((rate) => rate.key === key);
}

/** Names that `--device` of a plan takes. */
export const PLAN_DEVICES: readonly string[] = [...GPU_RATES.map(({ key }) => key), 'cpu'];

/** This machine's CPU with its rates as measured. */
export function cpuRate(rates: { float32: number; bfloat16: number }, memoryBytes: number): DeviceRate {
  return {
    ...{ key: 'cpu', name: 'this CPU', kind: 'cpu', ...rates, memoryBytes },
    ...{
      reservedBytes: PROCESS_BYTES,
      utilisation: CPU_UTILISATION,
      source: 'measured: a product of matrices',
    },
  };
}

function gpu(
  key: string,
  name: string,
  bfloat16: number,
  float32: number,
  gigabytes: number,
  source: string,
): DeviceRate {
  return {
    ...{ key, name, kind: 'gpu', source, reservedBytes: CUDA_BYTES, utilisation: GPU_UTILISATION },
    bfloat16: bfloat16 * TERA,
    float32: float32 * TERA,
    memoryBytes: gigabytes * GIGABYTE,
  };
}
