/** Native functions with a codec of their own, for the parts of this package that ship some. */
import { NativeFunction } from '../native-function.js';
import type { NamedParts } from './mt-memory.js';
import { type Codec, freeFunction, handleKey, registerFunction } from './native-function.js';

/** @throws TypeError the External is not one of padata's ABI */
export function makeNativeFunction<I, O>(external: unknown, codec: Codec<I, O>): NativeFunction<I, O> {
  return new NativeFunction<I, O>(handleKey, registerFunction(external, codec as Codec<unknown, unknown>));
}

/** A thread function of multithreaded jobs. @param parts see Codec */
export function makeRangeFunction<A>(
  external: unknown,
  parts: (fnArg: A, start: number, end: number) => NamedParts,
): NativeFunction<A, void> {
  const codec: Codec<A, void> = { encode() {}, parts: parts as NonNullable<Codec<A, void>['parts']> };
  return makeNativeFunction(external, codec);
}

/** Jobs with this function are refused from now on; its memory is wiped and freed when those in flight are through. */
export function freeNativeFunction(fn: NativeFunction<never>): void {
  freeFunction(fn[handleKey]);
}
