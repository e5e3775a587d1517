/** Copies the input of a job into a slab, or says where in memory of the addon it is. */
import { AddonBytes } from './addon-bytes.js';
import { Entry, Limit, ReferenceWord } from './layout.js';
import { type FunctionHandle, type InputParts, Reference } from './native-function.js';
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
    if ((size === 12 || size === 8) && (offset & 3) === 0) copyIv(from, size, to.words, offset >> 2);
    else for (let i = 0; i < size; i++) to.bytes[offset + i] = from[i] as number;
  } else if (from.length === size) {
    to.bytes.set(from, offset);
  } else {
    throw rangeError('job.data', 'an array that keeps its length', from.length);
  }
}

/** 8 or 12 bytes, as an iv has them. A loop would take twice the instructions, and a function for one word more. */
function copyIv(from: Uint8Array, size: number, to: Int32Array, at: number): void {
  to[at] = from[0]! | (from[1]! << 8) | (from[2]! << 16) | (from[3]! << 24);
  to[at + 1] = from[4]! | (from[5]! << 8) | (from[6]! << 16) | (from[7]! << 24);
  if (size === 12) to[at + 2] = from[8]! | (from[9]! << 8) | (from[10]! << 16) | (from[11]! << 24);
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
   * @param reference what becomes of a reference, if the parts are such that there can be one
   * @throws TypeError, RangeError, PadataError from the codec; RangeError for too much; PadataError ENOMEM
   */
  take(slabs: SlabAllocator, fn: Encoding, value: unknown, reference = Reference.NONE): void {
    parts.clear();
    fn.codec.encode(value, parts);
    const { first, second, third, dst } = parts;
    const target = reference === Reference.NONE ? undefined : AddonBytes.in(dst);
    const source = target === undefined ? undefined : AddonBytes.sourceFor(target, third);
    const firstSize = sizeOf(first);
    const secondSize = sizeOf(second);
    const textSize = source === undefined ? sizeOf(third) : AddonBytes.sizeOf(source);
    const thirdSize = source === undefined || reference === Reference.COPY ? textSize : 0;
    const behind = target === undefined ? firstSize : firstSize + ReferenceWord.BYTE_LENGTH;
    const size = behind + secondSize + thirdSize;
    if (size > Limit.INPUT_BYTES) throw tooLarge(size);
    const room = size + fn.headroom + fn.tailroom;
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
      if (target !== undefined) {
        AddonBytes.writeReference(target, source, textSize, slab.words, (offset + firstSize) >> 2);
      }
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
    this.#low = slab === undefined ? 0 : (slab.low + offset) | 0;
    this.#high = slab === undefined ? 0 : slab.high + (this.#low >>> 0 < slab.low >>> 0 ? 1 : 0);
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
