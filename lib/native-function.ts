import {
  bindLifetime,
  bytesCodec,
  type FunctionHandle,
  handleKey,
  registerFunction,
} from './internal/native-function.js';
import { typeError } from './internal/validate.js';

/**
 * A function in C that padata's pinned threads call. Instances come from `nativeFunction()`, from `padata/functions` and from
 * `padata/pcrypt`; the constructor is not public.
 *
 * @typeParam I what `job.data` has to be
 * @typeParam O what `job.result` will be
 */
export class NativeFunction<in I = unknown, out O = unknown> {
  /** The name that the function gives itself, for errors and statistics. */
  readonly name: string;
  /** @internal */
  readonly [handleKey]: FunctionHandle;
  /** Only for the types. @internal */
  declare readonly __input?: (input: I) => void;
  /** Only for the types. @internal */
  declare readonly __output?: O;

  /** @internal */
  constructor(key: typeof handleKey, handle: FunctionHandle) {
    if (key !== handleKey) throw new TypeError('NativeFunction has no public constructor; use nativeFunction()');
    this.name = handle.name;
    this[handleKey] = handle;
    bindLifetime(this, handle);
  }
}

/**
 * Takes a native function of another addon: an External that carries a `struct padata_function` of the header
 * `padata/native/include/padata.h`, with its type tag.
 *
 * Its input is undefined, a Uint8Array, or an array of up to three of them (the parts, for example iv, associated data
 * and text of an AEAD). Its result is undefined, a Uint8Array or a number. The result is a view of a larger slab, as a
 * Buffer is of Node's pool: copy what you keep for long.
 *
 * @param external what the addon exports. It is kept alive, and its library stays loaded, while jobs are in flight.
 * @throws TypeError it is no such External, or was built for another major version of the ABI, or says something
 *         impossible of itself; the message tells which. Remedy: build that addon against this package's header.
 */
export function nativeFunction<I = unknown, O = unknown>(external: unknown): NativeFunction<I, O> {
  if ((typeof external !== 'object' && typeof external !== 'function') || external === null) {
    throw typeError('external', 'an External of padata’s C ABI (padata.h)', external);
  }
  return new NativeFunction<I, O>(handleKey, registerFunction(external, bytesCodec));
}
