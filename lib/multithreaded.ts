import type { ModuleFunction } from './module/module-function.js';
import type { NativeFunction } from './native-function.js';

/**
 * Memory that all threads of a multithreaded job see: a `SharedArrayBuffer`, or a view of (a part of) one: any typed array, a
 * `DataView`, or a `Buffer` made by `Buffer.from(shared)`. The `buffer` of a shared `WebAssembly.Memory` is one, too.
 *
 * An ordinary `ArrayBuffer` or a view of one is taken by `doMultithreadedSync` without `onProgress`: there no JavaScript can
 * run, which could transfer, detach or resize it, until the job is done. Everywhere else it is a `TypeError`.
 */
export type MtMemory = ArrayBufferLike | ArrayBufferView;

/** Units that lie in the memory of one NUMA node. */
export interface MemoryNode {
  /** The first unit: 0 to 2^53 - 1. */
  start: number;
  /** Behind the last unit: more than `start`, at most 2^53 - 1. */
  end: number;
  /** The number of the node, as in `/sys/devices/system/node`: 0 to 2^31 - 1. One that does not exist is near nobody. */
  node: number;
}

/**
 * One range of units that is split into chunks, each done by one call of the thread function: struct padata_mt_job. (padata document,
 * "Running Multithreaded Jobs")
 *
 * What a unit is, is between you and the function: bytes, records, pixels, rows. The range is [start, start + size).
 *
 * The kernel's rules say how many threads may work at a time, and how large chunks are:
 * `workers = min(max(size / max(minChunk, align), 1), maxThreads)`, and one worker means one call with the whole range. Otherwise
 * `chunk = roundup(max(size / (workers * 4), minChunk, 1), align)`; every chunk but the last ends at a multiple of it. (Divisions round
 * down.) So there are about four chunks for each worker, and who is through early takes over from the others.
 */
// biome-ignore lint/suspicious/noExplicitAny: without a type argument, a job with any thread function
export interface MultithreadedJob<A = any> {
  /**
   * Called for each chunk: a native function of `PADATA_KIND_RANGE` (`padata/functions` has some: `histogram`, `sum`, `translate`). It
   * synchronizes what several calls write to.
   *
   * Or a module function `(start, end, arg)`, called in isolates; what it returns is awaited, and not used otherwise. Not for `doMultithreadedSync`.
   */
  threadFn: NativeFunction<A> | ModuleFunction<A>;
  /**
   * The job's shared state: what the thread function's own documentation says. For functions of other addons: undefined or null, or
   * {@link MtMemory}; for one with `PADATA_TAKES_PARTS` an array of up to three of them. It is not copied; results are written there.
   * For a module function: any value that can be cloned; SharedArrayBuffers in it are shared, and of all else each
   * isolate gets one copy for all its chunks.
   */
  fnArg?: NoInfer<A>;
  /** The first unit: 0 to 2^53 - 1. Default 0. */
  start?: number;
  /** How many units: 0 to 2^53 - 1, and `start + size` is at most 2^53 - 1. With 0 nothing is called. */
  size: number;
  /** Chunks end at multiples of it, but for the last one: 1 to 2^53 - 1. Default 1. In bytes, 64 keeps threads off each other's cache lines. */
  align?: number;
  /**
   * The least that is worth a call, in units: 1 to 2^53 - 1. Default 1. Of the order of 10 microseconds of work; smaller chunks than
   * that cost more than they bring. Only the first and the last chunk may be smaller.
   */
  minChunk?: number;
  /**
   * How many threads may work on it at the same time, the calling thread included if it takes part: 1 to 2^53 - 1. Default: as many as there are
   * CPUs in the usable parallel mask now. More than there are CPUs makes the chunks smaller, and so the job better balanced.
   */
  maxThreads?: number;
  /**
   * The threads are spread over the NUMA nodes, in turn, as far as `maxThreads` leaves a choice. Default false: any CPU of the usable
   * parallel mask. Without effect on a machine with one node.
   */
  numaAware?: boolean;
  /**
   * With `numaAware`: where units lie. Threads take chunks that begin in the memory of their own node first, then all others. In ascending
   * order, without overlaps; units in none of them are near nobody.
   */
  memoryNodes?: readonly MemoryNode[];
  /**
   * When it is aborted, no further chunk is begun; when those that run have ended, the call rejects with the signal's reason. Units that were
   * done stay done. A synchronous call looks at it before it begins, and behind each `onProgress`: nothing else can abort it meanwhile.
   */
  signal?: AbortSignal;
  /**
   * Told how many units are done, of how many: at most every 50 ms, and only if there is news. On the event loop; by a synchronous
   * call, between two chunks. A job that is through sooner never calls it. What it throws ends the job as a thread function's error does,
   * and it is not called again.
   */
  onProgress?: (unitsDone: number, size: number) => void;
}
