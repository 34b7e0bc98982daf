import type { TensorAllocator } from './heap-allocator.ts';

/** A piece of a region, in use or free. */
interface Chunk {
  readonly region: Region;
  readonly offset: number;
  size: number;
  free: boolean;
  previous: Chunk | undefined;
  next: Chunk | undefined;
}

interface Region {
  /** End of the highest byte ever written. Memory above it was asked for and never touched. */
  touched: number;
}

/** TensorFlow rounds sizes up to this. */
const UNIT = 256;
const FIRST_REGION = 2 ** 21;
/** A free chunk is cut when it is at least twice as large as needed, or leaves at least this. */
const LARGEST_WASTE = 2 ** 27;

/**
 * TensorFlow's best-fit allocator with coalescing (`xla/tsl/framework/bfc_allocator.cc`), which holds the tensors of a GPU.
 * Its regions double in size and are never given back, and a free chunk up to twice
 * as large as needed is handed out whole: what a process holds is more than what is alive.
 */
export class BfcAllocator implements TensorAllocator {
  private readonly regions: Region[] = [];
  private readonly free = new Set<Chunk>();
  private nextRegion = FIRST_REGION;

  allocate(bytes: number): Chunk {
    const size = Math.max(UNIT, Math.ceil(bytes / UNIT) * UNIT);
    const chunk = this.bestFit(size) ?? this.extend(size);
    this.free.delete(chunk);
    if (chunk.size >= 2 * size || chunk.size - size >= LARGEST_WASTE) this.split(chunk, size);
    chunk.free = false;
    chunk.region.touched = Math.max(chunk.region.touched, chunk.offset + bytes);
    return chunk;
  }

  release(chunk: Chunk): void {
    chunk.free = true;
    if (chunk.next?.free === true) this.merge(chunk, chunk.next);
    if (chunk.previous?.free === true) this.merge(chunk.previous, chunk);
    else this.free.add(chunk);
  }

  /** Bytes of all regions up to the highest one that was ever in use: what the process holds. */
  get heldBytes(): number {
    return this.regions.reduce((sum, { touched }) => sum + touched, 0);
  }

  private bestFit(size: number): Chunk | undefined {
    let best: Chunk | undefined;
    for (const chunk of this.free)
      if (chunk.size >= size && (best === undefined || chunk.size < best.size)) best = chunk;
    return best;
  }

  private extend(size: number): Chunk {
    let grown = false;
    while (size > this.nextRegion) {
      this.nextRegion *= 2;
      grown = true;
    }
    const region: Region = { touched: 0 };
    this.regions.push(region);
    const chunk: Chunk = {
      region,
      offset: 0,
      size: this.nextRegion,
      free: true,
      previous: undefined,
      next: undefined,
    };
    if (!grown) this.nextRegion *= 2;
    return chunk;
  }

  private split(chunk: Chunk, size: number): void {
    const { region, offset, next } = chunk;
    const rest: Chunk = {
      region,
      offset: offset + size,
      size: chunk.size - size,
      free: true,
      previous: chunk,
      next,
    };
    if (next !== undefined) next.previous = rest;
    chunk.next = rest;
    chunk.size = size;
    this.free.add(rest);
  }

  private merge(left: Chunk, right: Chunk): void {
    this.free.delete(right);
    left.size += right.size;
    left.next = right.next;
    if (right.next !== undefined) right.next.previous = left;
    this.free.add(left);
  }
}
