/** Where tensors get their memory from, as far as a prediction needs it. */
export interface TensorAllocator {
  /** @returns what `release` takes */
  allocate(bytes: number): object;
  release(chunk: object): void;
  /** What the process holds for tensors at its largest, gaps included. */
  readonly heldBytes: number;
}

/**
 * What is held beyond what is alive, as a share: measured on the steps of `benchmarks/plan`, with glibc's malloc and with oneDNN's
 * pool.
 */
const GAPS = 0.13;

/** Memory of a CPU's tensors: a pool where oneDNN is used, malloc where it is not, with gaps of about the same size. */
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
