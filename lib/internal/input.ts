/** Copies the input of a job into a slab, or says where in memory of the addon it is. */
import { AddonBytes } from './addon-bytes.js';
import { Entry, Limit } from './layout.js';
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
  const whole = size | 0;
  if (whole !== size || whole < 0) throw tooLarge(size);
  return whole;
}

function tooLarge(size: unknown): RangeError {
  return rangeError('job.data', `at most ${Limit.INPUT_BYTES} bytes`, size);
}

/** Writes at or behind `offset` only, also if another thread makes a shared array longer meanwhile. */
function copy(from: Uint8Array, size: number, to: Slab, offset: number): void {
  if (size <= LOOPED) {
    if (((size | offset) & 3) === 0) copyWords(from, size >> 2, to.words, offset >> 2);
    else for (let i = 0; i < size; i++) to.bytes[offset + i] = from[i] as number;
  } else if (from.length === size) {
    to.bytes.set(from, offset);
  } else {
    throw rangeError('job.data', 'an array that keeps its length', from.length);
  }
}

/** An iv, most of the time: a third of the stores, and a fifth less time for the whole input. */
function copyWords(from: Uint8Array, count: number, to: Int32Array, at: number): void {
  for (let i = 0; i < count; i++) {
    const byte = i << 2;
    const low = (from[byte] as number) | ((from[byte + 1] as number) << 8);
    to[at + i] = low | ((from[byte + 2] as number) << 16) | ((from[byte + 3] as number) << 24);
  }
}

/** The bytes of a reference, see `native/src/functions/aead.h`. It begins behind the first part, on a multiple of 4. */
const REFERENCE_BYTES = 24;

function writeReference(
  words: Int32Array,
  at: number,
  source: AddonBytes | undefined,
  size: number,
  dst: AddonBytes,
): void {
  if (source === undefined) {
    words[at] = 0;
    words[at + 1] = 0;
  } else {
    AddonBytes.writeAddress(source, words, at);
  }
  AddonBytes.writeAddress(dst, words, at + 2);
  words[at + 4] = size;
  words[at + 5] = AddonBytes.sizeOf(dst);
}

/** The third part, if the thread can read it where it is; not if writing to `dst` would change it in the midst of that. */
function sourceFor(part: Uint8Array | undefined, dst: AddonBytes | undefined): AddonBytes | undefined {
  if (dst === undefined) return undefined;
  const source = AddonBytes.in(part);
  return source === undefined || AddonBytes.areShifted(source, dst) ? undefined : source;
}

/** The input of a job, in a slab. Reused: only valid until the next call of take(). */
export class Input {
  slab: Slab | undefined;
  dst: Uint8Array | undefined;
  /** What the thread reads where it is. */
  source: Uint8Array | undefined;
  #low = 0;
  #high = 0;
  #size = 0;
  #first = 0;
  #second = 0;
  #third = 0;

  /**
   * Has the function's codec take the value apart, and copies the parts, with the function's room before and behind them. Getters of the
   * user's may run until the last part is copied, and may submit jobs themselves: so nothing is kept here before.
   *
   * @param mayRefer whether the function may write its result elsewhere; a native serial() would look for it in the slab
   * @throws TypeError, RangeError, PadataError from the codec; RangeError for too much; PadataError ENOMEM
   */
  take(slabs: SlabAllocator, fn: Encoding, value: unknown, mayRefer = false): void {
    parts.clear();
    const { codec } = fn;
    codec.encode(value, parts);
    const { first, second, third, dst } = parts;
    const target = mayRefer && codec.reference !== undefined ? AddonBytes.in(dst) : undefined;
    const source = sourceFor(third, target);
    const firstSize = sizeOf(first);
    const secondSize = sizeOf(second);
    const textSize = source === undefined ? sizeOf(third) : AddonBytes.sizeOf(source);
    const thirdSize = source === undefined || codec.reference === 'copy' ? textSize : 0;
    const behind = target === undefined ? firstSize : firstSize + REFERENCE_BYTES;
    const size = behind + secondSize + thirdSize;
    if (size > Limit.INPUT_BYTES) throw tooLarge(size);
    const room = fn.headroom + size + fn.tailroom;
    if (room === 0) {
      this.#keep(undefined, 0, 0, 0, 0);
    } else {
      const home = target === undefined ? slabs : slabs.hidden;
      const slab = home.reserve(room);
      const offset = home.offset + fn.headroom;
      try {
        if (first !== undefined) copy(first, firstSize, slab, offset);
        if (second !== undefined) copy(second, secondSize, slab, offset + behind);
        if (third !== undefined && source === undefined) {
          copy(third, thirdSize, slab, offset + behind + secondSize);
        }
      } catch (error) {
        slabs.release(slab);
        throw error;
      }
      if (target !== undefined) writeReference(slab.words, (offset + firstSize) >>> 2, source, textSize, target);
      this.#keep(slab, offset, behind, secondSize, thirdSize);
    }
    this.dst = dst;
    this.source = source;
  }

  #keep(slab: Slab | undefined, offset: number, first: number, second: number, third: number): void {
    this.slab = slab;
    this.#first = first;
    this.#second = second;
    this.#third = third;
    this.#size = first + second + third;
    const low = slab === undefined ? 0 : slab.low + offset;
    this.#low = low | 0;
    this.#high = slab === undefined ? 0 : low < 2 ** 32 ? slab.high : slab.high + 1;
  }

  /** Writes where the input is into the entry at word `base`. */
  write(words: Int32Array, base: number): void {
    words[base + Entry.BYTES] = this.#low;
    words[base + Entry.BYTES + 1] = this.#high;
    words[base + Entry.SIZE] = this.#size;
    words[base + Entry.PART_SIZE] = this.#first;
    words[base + Entry.PART_SIZE + 1] = this.#second;
    words[base + Entry.PART_SIZE + 2] = this.#third;
  }
}
