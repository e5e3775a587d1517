/** What the tests of multithreaded jobs share. */
import type { MultithreadedJob, NativeFunction, Padata } from 'padata';
import { nativeFunction } from 'padata';
import { fixture } from '../fixtures/native-addon/index.js';
import { until, within } from './padata.js';

/** A thread function of the fixture addon. */
export function range(
  name: 'countUnits' | 'recordChunks' | 'waitHere' | 'touch' | 'copyParts',
): NativeFunction<unknown, void> {
  return nativeFunction<unknown, void>(fixture[name]);
}

/** The two ways to run a job, as promises. */
export const ways = {
  doMultithreaded: (padata: Padata, job: MultithreadedJob) => padata.doMultithreaded(job),
  doMultithreadedSync: async (padata: Padata, job: MultithreadedJob) => padata.doMultithreadedSync(job),
};

export const shared = (bytes: number) => new SharedArrayBuffer(bytes);

/** A job that counts each unit. */
export const counted = (size = 1000): MultithreadedJob => ({
  threadFn: range('countUnits'),
  fnArg: shared(size),
  size,
});

/** What a call throws or rejects with. */
export async function failure(call: Promise<void>): Promise<Error> {
  return within(
    call.then(
      () => new Error('it did not fail'),
      (error) => error,
    ),
    'the job',
  );
}

/** One call of the thread function. */
export interface Chunk {
  start: bigint;
  end: bigint;
  cpu: number;
}

/** The shared state of `recordChunks`. */
export class ChunkRecord {
  readonly memory: SharedArrayBuffer;

  constructor(most = 2000) {
    this.memory = new SharedArrayBuffer(8 + 24 * most);
  }

  /** In ascending order of their units. */
  chunks(): Chunk[] {
    const words = new BigUint64Array(this.memory);
    const all = Array.from({ length: Number(words[0]) }, (_, i) => {
      const [start, end, cpu] = words.subarray(1 + 3 * i) as unknown as [bigint, bigint, bigint];
      return { start, end, cpu: Number(cpu) };
    });
    return all.sort((a, b) => (a.start < b.start ? -1 : 1));
  }
}

/** The shared state of `waitHere` and `touch`. */
export class WaitState {
  readonly words: Int32Array;

  constructor({ waits = false, turns = 0, errno = 0, failsFrom = 0, bytes = 20 } = {}) {
    this.words = new Int32Array(new SharedArrayBuffer(bytes));
    this.words.set([waits ? 1 : 0, 0, turns, errno, failsFrom]);
  }

  get entered(): number {
    return Atomics.load(this.words, 1);
  }

  async untilEntered(calls: number): Promise<void> {
    await until(() => this.entered >= calls, `${calls} chunks begin`);
  }

  open(): void {
    Atomics.store(this.words, 0, 0);
  }
}

/** The rules of the document for workers and chunks, in numbers that are exact. */
export function chunksByTheRules(job: {
  start: number;
  size: number;
  align: number;
  minChunk: number;
  maxThreads: number;
}): { start: bigint; end: bigint }[] {
  const [start, size, align, minChunk, maxThreads] = [job.start, job.size, job.align, job.minChunk, job.maxThreads].map(
    BigInt,
  ) as [bigint, bigint, bigint, bigint, bigint];
  if (size === 0n) return [];
  const worth = size / most(minChunk, align);
  const workers = least(most(worth, 1n), maxThreads);
  if (workers === 1n) return [{ start, end: start + size }];
  const chunk = roundUp(most(most(size / (workers * 4n), minChunk), 1n), align);
  const chunks = [];
  for (let at = start; at < start + size; ) {
    const end = least(roundUp(at + 1n, chunk), start + size);
    chunks.push({ start: at, end });
    at = end;
  }
  return chunks;
}

const most = (a: bigint, b: bigint) => (a > b ? a : b);
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const roundUp = (value: bigint, step: bigint) => ((value + step - 1n) / step) * step;
