/** The kernel's rules for multithreaded jobs, for those whose chunks JavaScript hands out. The core has them in core/mt_plan.h. */

/** What is left of a range, and how it is to be split. */
export class RangePlan {
  /** How many chunks may run at a time. */
  readonly workers: number;
  readonly #end: bigint;
  readonly #chunk: bigint;
  #next: bigint;

  /** Checked integers: start + size is at most 2^53 - 1, align, minChunk and maxThreads are at least 1. */
  constructor(start: number, size: number, align: number, minChunk: number, maxThreads: number) {
    const [length, least] = [BigInt(size), BigInt(minChunk)];
    const wanted = max(length / max(least, BigInt(align)), 1n);
    const workers = wanted < BigInt(maxThreads) ? wanted : BigInt(maxThreads);
    this.workers = Number(workers);
    this.#next = BigInt(start);
    this.#end = this.#next + length;
    this.#chunk = workers === 1n ? 0n : roundUp(max(length / (workers * 4n), least), BigInt(align));
  }

  /** The next chunk: [start, end); undefined if there is none. */
  next(): [start: number, end: number] | undefined {
    const start = this.#next;
    if (start === this.#end) return undefined;
    const boundary = this.#chunk === 0n ? this.#end : roundUp(start + 1n, this.#chunk);
    this.#next = boundary < this.#end ? boundary : this.#end;
    return [Number(start), Number(this.#next)];
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function roundUp(n: bigint, to: bigint): bigint {
  return ((n + to - 1n) / to) * to;
}
