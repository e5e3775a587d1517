/** What a job came to, and the call of its serial() on the event loop. */
import type { AsyncResource } from 'node:async_hooks';
import { PadataError } from '../errors.js';
import type { Job } from '../job.js';
import { AddonBytes } from './addon-bytes.js';
import { asError } from './as-error.js';
import { environment } from './environment.js';
import { Entry, ResultType } from './layout.js';
import type { FunctionHandle } from './native-function.js';
import type { Segment } from './segment.js';
import type { Slab } from './slab.js';
import { stackless } from './stackless.js';

/** Sets `result` and `error` of a job whose parallel() was a native function. A job that does not let us still has its turn. */
export function readOutcome(job: Job, parallel: FunctionHandle, segment: Segment, index: number): void {
  try {
    setOutcome(job, parallel, segment, index);
  } catch (error) {
    throwSoon(error);
  }
}

/** Sets the error of a job whose parallel(), a closure, has thrown. */
export function setError(job: Job, thrown: unknown): void {
  try {
    job.error = asError(thrown);
  } catch (error) {
    throwSoon(error); // the job is frozen, or the like
  }
}

function setOutcome(job: Job, parallel: FunctionHandle, segment: Segment, index: number): void {
  const base = index << 4;
  const dst = segment.dsts[index];
  if (dst !== undefined) {
    segment.dsts[index] = undefined; // also if the job failed: the next one here has its own, or none
    if (segment.sources[index] !== undefined) segment.sources[index] = undefined;
  }
  const status = segment.words[base + Entry.STATUS] as number;
  if (status !== 0) {
    job.result = undefined;
    job.error = stackless(() => PadataError.fromErrno(status, parallel.name, parallel.codec.explain?.(status)));
    return;
  }
  if (job.error !== undefined) job.error = undefined;
  const type = segment.words[base + Entry.RESULT_TYPE] as number;
  if (type !== ResultType.NONE) take(job, segment, index, type, dst);
  else if (job.result !== undefined) job.result = undefined;
  if (parallel.settles && job.error === undefined) settle(job, parallel);
}

function take(job: Job, segment: Segment, index: number, type: number, dst: Uint8Array | undefined): void {
  try {
    job.result = readResult(segment, index, type, dst);
  } catch (error) {
    job.result = undefined;
    job.error = asError(error);
  }
}

function readResult(segment: Segment, index: number, type: number, dst: Uint8Array | undefined): Uint8Array | number {
  if (type === ResultType.NUMBER) {
    const number = segment.doubles[(index << 3) + Entry.RESULT_NUMBER_F64] as number;
    return dst === undefined ? number : begin(dst, number); // a thread has written so many bytes there
  }
  const base = index << 4;
  const { words } = segment;
  const slab = segment.slabs[index];
  const size = words[base + Entry.RESULT_SIZE] as number;
  if (type !== ResultType.BYTES || slab === undefined || size === 0) return dst?.subarray(0, 0) ?? new Uint8Array(0);
  const offset = offsetOf(slab, words, base) + (words[base + Entry.RESULT_OFFSET] as number);
  return dst === undefined ? environment.slabs.view(slab, offset, size) : copyTo(dst, slab, offset, size);
}

function copyTo(dst: Uint8Array, slab: Slab, offset: number, size: number): Uint8Array {
  const result = begin(dst, size);
  dst.set(environment.slabs.peek(slab, offset, size));
  return result;
}

/** Memory of the user's. He may have detached it or made it shorter meanwhile. */
function begin(dst: Uint8Array, size: number): Uint8Array {
  if (dst.length === size) return dst;
  if (dst.length > size) {
    const own = AddonBytes.in(dst);
    return own === undefined ? dst.subarray(0, size) : AddonBytes.beginning(own, size);
  }
  throw new PadataError('ENOBUFS', 'doParallel', `dst has ${dst.length} bytes left, the result ${size}`);
}

/** Where the input begins in its slab: its address less that of the slab, which is less than 2^32. */
function offsetOf(slab: Slab, words: Int32Array, base: number): number {
  return ((words[base + Entry.BYTES] as number) - slab.low) >>> 0;
}

function settle(job: Job, parallel: FunctionHandle): void {
  try {
    job.result = parallel.codec.settle?.(job.result);
  } catch (error) {
    job.result = undefined;
    job.error = asError(error);
  }
}

/** Calls a closure's serial(). What it throws is thrown again when the jobs behind it have been delivered. */
export function callSerial(job: Job, scope?: AsyncResource): void {
  try {
    const serial = job.serial as (job: Job) => void;
    if (scope === undefined) serial.call(job, job);
    else scope.runInAsyncScope(serial, job, job);
  } catch (error) {
    throwSoon(error);
  }
}

/** Throws from a place where nobody catches, so that it becomes an uncaughtException. */
export function throwSoon(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
