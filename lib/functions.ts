/**
 * Native functions for trying things out and for measuring. They run, as all native functions do, on the pinned thread of a
 * CPU, written against nothing but the public C ABI.
 *
 * ```ts
 * import { Padata } from 'padata';
 * import { crc32 } from 'padata/functions';
 *
 * await using pd = new Padata('checksums');
 * const shell = pd.createShell();
 * console.log(await shell.run(crc32, Buffer.from('123456789')));   // 3421780262
 * ```
 *
 * @module
 */
import { native } from './internal/functions-binding.js';
import { makeNativeFunction, makeRangeFunction } from './internal/make-native-function.js';
import type { Codec } from './internal/native-function.js';
import { checkBytes, checkInteger, rangeError, typeError } from './internal/validate.js';
import type { NativeFunction } from './native-function.js';

const NOTHING: Codec<undefined, undefined> = {
  isOptional: true,
  encode(input) {
    if (input !== undefined) throw typeError('job.data', 'undefined', input);
  },
};

function bytes<O>(): Codec<Uint8Array, O> {
  return {
    encode(input, parts) {
      checkBytes('job.data', input);
      parts.first = input;
    },
  };
}

/**
 * Does nothing: what is left is the cost of a job.
 *
 * `job.data` must be left out, or undefined: anything else is a `TypeError` when the job is submitted. There is no result.
 */
export const noop: NativeFunction<undefined, undefined> = makeNativeFunction(native.noop(), NOTHING);

/**
 * Gives its input back: a copy of the bytes, in order of submission.
 *
 * `job.data` must be a `Uint8Array` (a `Buffer` is one), else submitting throws a `TypeError`. It is copied at once, so it
 * may be changed, transferred or detached as soon as the job is submitted.
 */
export const echo: NativeFunction<Uint8Array, Uint8Array> = makeNativeFunction(native.echo(), bytes<Uint8Array>());

/**
 * The CRC-32 of the bytes, as zlib, gzip and Ethernet have it: a number from 0 to 2^32 - 1. `zlib.crc32` of newer versions of
 * Node gives the same.
 *
 * `job.data` must be a `Uint8Array`, as for {@link echo}.
 */
export const crc32: NativeFunction<Uint8Array, number> = makeNativeFunction(native.crc32(), bytes<number>());

/** What {@link histogram} works on. */
export interface HistogramArg {
  /** The units of the job are its elements. */
  bytes: Uint8Array;
  /** 256 counters, to which is added; so begin with zeros. Jobs may share them; what others write there while a job runs may be lost. */
  counts: BigUint64Array;
}

/**
 * A thread function for `padata.doMultithreaded()`: how often each byte value occurs. Units are bytes.
 *
 * ```ts
 * const bytes = new Uint8Array(new SharedArrayBuffer(1_000_000));
 * const counts = new BigUint64Array(new SharedArrayBuffer(256 * 8));
 * await padata.doMultithreaded({ threadFn: histogram, fnArg: { bytes, counts }, size: bytes.length, minChunk: 65_536 });
 * console.log(counts[0]);   // 1000000n
 * ```
 *
 * @throws (the call that starts the job) TypeError for other types; RangeError: the range goes beyond `bytes`, or `counts` is short
 */
export const histogram: NativeFunction<HistogramArg, void> = makeRangeFunction(
  native.histogram(),
  (fnArg: HistogramArg, _start, end) => {
    const { bytes, counts } = checkObject(fnArg);
    if (!(bytes instanceof Uint8Array)) throw typeError('job.fnArg.bytes', 'a Uint8Array', bytes);
    if (!(counts instanceof BigUint64Array)) throw typeError('job.fnArg.counts', 'a BigUint64Array', counts);
    checkLength('job.fnArg.bytes', bytes, end);
    checkLength('job.fnArg.counts', counts, BYTE_VALUES);
    return { 'job.fnArg.bytes': bytes, 'job.fnArg.counts': counts };
  },
);

/** What {@link sum} works on. */
export interface SumArg {
  /** The units of the job are its elements. */
  values: Float64Array;
  /** The sum is added to its first element; so begin with 0. */
  total: Float64Array;
}

/**
 * A thread function for `padata.doMultithreaded()`: the sum of numbers. Units are elements of `values`.
 *
 * Which chunk is added first differs from call to call, and with it the rounding of numbers that are no integers, in the last bits.
 *
 * @throws (the call that starts the job) TypeError for other types; RangeError: the range goes beyond `values`, or `total` is empty
 */
export const sum: NativeFunction<SumArg, void> = makeRangeFunction(native.sum(), (fnArg: SumArg, _start, end) => {
  const { values, total } = checkObject(fnArg);
  if (!(values instanceof Float64Array)) throw typeError('job.fnArg.values', 'a Float64Array', values);
  if (!(total instanceof Float64Array)) throw typeError('job.fnArg.total', 'a Float64Array', total);
  checkLength('job.fnArg.values', values, end);
  checkLength('job.fnArg.total', total, 1);
  return { 'job.fnArg.values': values, 'job.fnArg.total': total };
});

/** What {@link translate} works on. */
export interface TranslateArg {
  /** Changed in place; the units of the job are its elements. */
  bytes: Uint8Array;
  /** 256 bytes: what byte value v becomes is `table[v]`. Copied when the job is started. */
  table: Uint8Array;
}

/**
 * A thread function for `padata.doMultithreaded()`: replaces each byte by what a table has for it, in place, as tr(1) does. Units are
 * bytes.
 *
 * @throws (the call that starts the job) TypeError for other types; RangeError: the range goes beyond `bytes`, or the table is short
 */
export const translate: NativeFunction<TranslateArg, void> = makeRangeFunction(
  native.translate(),
  (fnArg: TranslateArg, _start, end) => {
    const { bytes, table } = checkObject(fnArg);
    if (!(bytes instanceof Uint8Array)) throw typeError('job.fnArg.bytes', 'a Uint8Array', bytes);
    if (!(table instanceof Uint8Array)) throw typeError('job.fnArg.table', 'a Uint8Array', table);
    checkLength('job.fnArg.bytes', bytes, end);
    checkLength('job.fnArg.table', table, BYTE_VALUES);
    const copy = new Uint8Array(new SharedArrayBuffer(BYTE_VALUES));
    copy.set(table.subarray(0, BYTE_VALUES));
    return { 'job.fnArg.bytes': bytes, 'job.fnArg.table': copy };
  },
);

const BYTE_VALUES = 256;

function checkObject<A extends object>(fnArg: A): A {
  if (typeof fnArg !== 'object' || fnArg === null) throw typeError('job.fnArg', 'an object', fnArg);
  return fnArg;
}

function checkLength(name: string, array: { readonly length: number }, least: number): void {
  if (array.length < least) throw rangeError(`${name}.length`, `>= ${least}, which the job needs`, array.length);
}

/** One hour: a job that runs cannot be interrupted, and every job behind it on its CPU waits. */
const MAX_SPIN_NS = 3.6e12;

/**
 * Makes a function that keeps its CPU busy for a time: work of a known size.
 *
 * @param nanoseconds how long, by the monotonic clock: an integer from 0 to 3.6e12 (one hour). Reading the clock takes
 *   some 30 ns, so that is how exact it is. Time in which another thread has the CPU counts as well.
 * @returns a native function with neither input nor result, like {@link noop}
 * @throws TypeError, RangeError naming `nanoseconds`
 */
export function spin(nanoseconds: number): NativeFunction<undefined, undefined> {
  checkInteger('nanoseconds', nanoseconds, 0, MAX_SPIN_NS);
  return makeNativeFunction(native.spin(nanoseconds), NOTHING);
}
