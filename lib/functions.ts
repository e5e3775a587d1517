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
import { makeNativeFunction } from './internal/make-native-function.js';
import type { Codec } from './internal/native-function.js';
import { checkBytes, checkInteger, typeError } from './internal/validate.js';
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
