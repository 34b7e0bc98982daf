/** Where tensors get their memory from, as far as a prediction needs it. */
export interface TensorAllocator {
  /** @returns what `release` takes */
  allocate(bytes: number): object;
  release(chunk: object): void;
  /** What the process holds for tensors at its largest, gaps included. */
  readonly heldBytes: number;
}

/**
 * What glibc's malloc holds beyond what is alive, as a share: measured on steps of `benchmarks/plan` with and without a mapping of its own
 * for every tensor (5 to 20 %).
 */
const GAPS = 0.13;

/** The heap of the process: TensorFlow's tensors on a CPU are allocated with malloc, one by one. */
export class HeapAllocator implements TensorAllocator {
  private live = 0;
  private largest = 0;

  allocate(bytes: number): { readonly bytes: number } {
    this.live += bytes;
    this.largest = Math.max(this.largest, this.live);
    return { bytes };
  }

  release({ bytes }: { readonly bytes: number }): void {
    this.live -= bytes;
  }

  get heldBytes(): number {
    return (1 + GAPS) * this.largest;
  }
}
