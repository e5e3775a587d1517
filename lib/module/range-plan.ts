/** The kernel's rules for multithreaded jobs, for those whose chunks isolates take. The core has them in core/mt_plan.h. */

/** A range, and how it is split. */
export interface Range {
  /** One past its last unit. */
  readonly end: bigint;
  /** Chunks end at multiples of it; 0 if all of the range is one chunk. */
  readonly chunk: bigint;
  /** What isolates and the event loop share, see chunks.ts. */
  readonly shared: SharedArrayBuffer;
}

export interface RangePlan {
  /** How many chunks may run at a time. */
  readonly workers: number;
  readonly range: Range;
}

/** Checked integers: start + size is at most 2^53 - 1, align, minChunk and maxThreads are at least 1. */
export function planRange(start: number, size: number, align: number, minChunk: number, maxThreads: number): RangePlan {
  const [first, length, least] = [BigInt(start), BigInt(size), BigInt(minChunk)];
  const wanted = max(length / max(least, BigInt(align)), 1n);
  const workers = wanted < BigInt(maxThreads) ? wanted : BigInt(maxThreads);
  const chunk = workers === 1n ? 0n : roundUp(max(length / (workers * 4n), least), BigInt(align));
  const shared = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT);
  new BigInt64Array(shared)[0] = first;
  return { workers: Number(workers), range: { end: first + length, chunk, shared } };
}

export function roundUp(n: bigint, to: bigint): bigint {
  return ((n + to - 1n) / to) * to;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
