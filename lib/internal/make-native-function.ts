/** Native functions with a codec of their own, for the parts of this package that ship some. */
import { NativeFunction } from '../native-function.js';
import { type Codec, freeFunction, handleKey, registerFunction } from './native-function.js';

/** @throws TypeError the External is not one of padata's ABI */
export function makeNativeFunction<I, O>(external: unknown, codec: Codec<I, O>): NativeFunction<I, O> {
  return new NativeFunction<I, O>(handleKey, registerFunction(external, codec as Codec<unknown, unknown>));
}

/** Jobs with this function are refused from now on; its memory is wiped and freed when those in flight are through. */
export function freeNativeFunction(fn: NativeFunction<never>): void {
  freeFunction(fn[handleKey]);
}
