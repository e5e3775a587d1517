import { allocateBytes } from './internal/addon-bytes.js';
import { environment } from './internal/environment.js';
import { Limit } from './internal/layout.js';
import { checkInteger } from './internal/validate.js';

/**
 * Makes memory, filled with zeros, that threads can use where it is. A job of {@link "pcrypt".Aead} writes its result straight into a
 * `dst` from here, and reads `data` from here without copying it, if both are. To other functions it is a Uint8Array like any other.
 *
 * Nothing can take the memory away from a job in flight: the addon counts references, whatever is done to the ArrayBuffer. But
 * its contents are looked at, and written, at any time until serial() is called: until then leave `data` as it is, and `dst` alone.
 *
 * Make buffers once and use them again, as a network card's driver does with its rings; making one costs some microseconds.
 * What `subarray()` gives shares the memory, and is as good. The garbage collector frees it.
 *
 * @param size bytes, 1 to 2 GiB less 128 KiB
 * @throws TypeError, RangeError size is wrong
 * @throws PadataError ENOMEM no memory
 */
export function allocate(size: number): Uint8Array {
  checkInteger('size', size, 1, Limit.INPUT_BYTES);
  return allocateBytes(environment.bridge, size);
}
