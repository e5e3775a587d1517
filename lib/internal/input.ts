/** Copies the input of a job into a slab. */
import { BYTES, MAX_INPUT_BYTES, PART_SIZE, SIZE } from './layout.js';
import type { FunctionHandle, InputParts } from './native-function.js';
import type { Slab, SlabAllocator } from './slab.js';
import { rangeError } from './validate.js';

/** What has to be known of a function to take its input. */
export type Encoding = Pick<FunctionHandle, 'codec' | 'headroom' | 'tailroom'>;

class Parts implements InputParts {
  first: Uint8Array | undefined = undefined;
  second: Uint8Array | undefined = undefined;
  third: Uint8Array | undefined = undefined;
  dst: Uint8Array | undefined = undefined;

  clear(): void {
    this.first = undefined;
    this.second = undefined;
    this.third = undefined;
    this.dst = undefined;
  }
}

const parts = new Parts();

/** Up to this size a loop is faster than TypedArray.prototype.set. */
const LOOPED = 24;

/** `length` of an array can be overridden, and is not taken on trust: whatever it says, a size comes out, or an error. */
function sizeOf(part: Uint8Array | undefined): number {
  if (part === undefined) return 0;
  const size = part.length;
  if (size >>> 0 !== size) throw tooLarge(size);
  return size;
}

function tooLarge(size: unknown): RangeError {
  return rangeError('job.data', `at most ${MAX_INPUT_BYTES} bytes`, size);
}

/** Writes at or behind `offset` only, also if another thread makes a shared array longer meanwhile. */
function copy(from: Uint8Array, size: number, to: Uint8Array, offset: number): void {
  if (size <= LOOPED) {
    for (let i = 0; i < size; i++) to[offset + i] = from[i] as number;
  } else if (from.length === size) {
    to.set(from, offset);
  } else {
    throw rangeError('job.data', 'an array that keeps its length', from.length);
  }
}

/** The input of a job that has been copied. Reused: only valid until the next call of take(). */
export class Input {
  slab: Slab | undefined;
  dst: Uint8Array | undefined;
  #low = 0;
  #high = 0;
  #size = 0;
  #first = 0;
  #second = 0;
  #third = 0;

  /**
   * Has the function's codec take the value apart, and copies the parts, with the function's room before and behind them.
   *
   * @throws TypeError, RangeError, PadataError from the codec; RangeError for too much; PadataError ENOMEM
   */
  take(slabs: SlabAllocator, fn: Encoding, value: unknown): void {
    parts.clear();
    fn.codec.encode(value, parts);
    const { first, second, third } = parts;
    this.#first = sizeOf(first);
    this.#second = sizeOf(second);
    this.#third = sizeOf(third);
    this.#size = this.#first + this.#second + this.#third;
    this.slab = undefined;
    this.dst = parts.dst;
    this.#low = this.#high = 0;
    const room = fn.headroom + this.#size + fn.tailroom;
    if (room === 0) return;
    if (this.#size > MAX_INPUT_BYTES) throw tooLarge(this.#size);
    const slab = slabs.reserve(room);
    const offset = slabs.offset + fn.headroom;
    try {
      if (first !== undefined) copy(first, this.#first, slab.bytes, offset);
      if (second !== undefined) copy(second, this.#second, slab.bytes, offset + this.#first);
      if (third !== undefined) copy(third, this.#third, slab.bytes, offset + this.#first + this.#second);
    } catch (error) {
      slabs.release(slab);
      throw error;
    }
    this.slab = slab;
    const low = slab.low + offset;
    this.#low = low | 0;
    this.#high = low < 2 ** 32 ? slab.high : slab.high + 1;
  }

  /** Writes where the input is into the entry at word `base`. */
  write(words: Int32Array, base: number): void {
    words[base + BYTES] = this.#low;
    words[base + BYTES + 1] = this.#high;
    words[base + SIZE] = this.#size;
    words[base + PART_SIZE] = this.#first;
    words[base + PART_SIZE + 1] = this.#second;
    words[base + PART_SIZE + 2] = this.#third;
  }
}
