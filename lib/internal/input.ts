/**
 * The input of a job: taken apart by the function's codec, then copied to where a thread finds it, except for what it can read where it is.
 *
 * Code of the user's runs in the former alone. A job has happened only when nothing of this can fail any more.
 */
import { AddonBytes, lengthOf } from './addon-bytes.js';
import { environment } from './environment.js';
import { Entry, Limit, ReferenceWord } from './layout.js';
import { type Codec, type FunctionHandle, type InputParts, Reference } from './native-function.js';
import type { Segment } from './segment.js';
import type { Slab } from './slab.js';
import { rangeError } from './validate.js';

/** What has to be known of a function to write its input. */
type Room = Pick<FunctionHandle, 'headroom' | 'tailroom'>;

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

/**
 * Has a codec take a value apart, for writeInput(). Getters of the user's may run, and may submit jobs themselves.
 *
 * @throws TypeError, RangeError, PadataError from the codec
 */
export function encodeInput(codec: Pick<Codec<unknown, unknown>, 'encode'>, value: unknown): void {
  parts.clear();
  codec.encode(value, parts);
}

/**
 * Copies what encodeInput() has come to, and says in the entry where it is. If it throws, nothing has happened.
 *
 * @param reference what becomes of a reference, if the parts are such that there can be one
 * @throws PadataError ENOMEM; RangeError too much, or an array that became shorter meanwhile
 */
export function writeInput(fn: Room, reference: Reference, segment: Segment, index: number): void {
  const { dst } = parts;
  const target = reference === Reference.NONE ? undefined : AddonBytes.in(dst);
  if (target === undefined) writeCopy(fn, segment, index);
  else writeReference(target, reference, segment, index);
  if (dst !== undefined) segment.setDst(index, dst);
}

/** All parts, with the function's room before and behind them. */
function writeCopy(fn: Room, segment: Segment, index: number): void {
  const { first, second, third } = parts;
  const firstSize = sizeOf(first);
  const secondSize = sizeOf(second);
  const thirdSize = sizeOf(third);
  const room = checkedSize(firstSize, secondSize, thirdSize) + fn.headroom + fn.tailroom;
  if (room === 0) {
    writeNoInput(segment, index);
    return;
  }
  const { slabs } = environment;
  const slab = slabs.reserve(room);
  const offset = slabs.offset + fn.headroom;
  copyToSlab(slab, offset, firstSize, offset + firstSize, secondSize, thirdSize);
  segment.setSlab(index, slab);
  writeEntry(segment, index, slab, offset, firstSize, secondSize, thirdSize);
}

/** A reference behind the first part, and the third one only if the thread needs it there. For functions that take one there is no room besides. */
function writeReference(target: AddonBytes, reference: Reference, segment: Segment, index: number): void {
  const { first, second, third } = parts;
  const source = AddonBytes.sourceFor(target, third);
  const ivSize = sizeOf(first);
  const secondSize = sizeOf(second);
  const textSize = source === undefined ? sizeOf(third) : AddonBytes.sizeOf(source);
  const thirdSize = source === undefined || reference === Reference.COPY ? textSize : 0;
  const firstSize = ivSize + ReferenceWord.BYTE_LENGTH;
  const size = checkedSize(firstSize, secondSize, thirdSize);
  const copied = source === undefined ? textSize : 0;
  let slab = segment.shortInputs ?? segment.makeShortInputs();
  let offset = index * Limit.SHORT_INPUT;
  if (size <= Limit.SHORT_INPUT) {
    copyParts(slab, offset, ivSize, offset + firstSize, secondSize, copied);
  } else {
    const { hidden } = environment.slabs;
    slab = hidden.reserve(size);
    offset = hidden.offset;
    copyToSlab(slab, offset, ivSize, offset + firstSize, secondSize, copied);
    segment.setSlab(index, slab);
  }
  AddonBytes.writeReference(target, source, textSize, slab.words, (offset + ivSize) >> 2);
  if (source !== undefined) segment.setSource(index, source);
  writeEntry(segment, index, slab, offset, firstSize, secondSize, thirdSize);
}

/** Copies the parts to a place that was reserved, and gives that back where it fails. */
function copyToSlab(slab: Slab, offset: number, first: number, behind: number, second: number, third: number): void {
  try {
    copyParts(slab, offset, first, behind, second, third);
  } catch (error) {
    environment.slabs.release(slab);
    throw error;
  }
}

/** The first part goes to `offset`, the others `behind` it. */
function copyParts(slab: Slab, offset: number, first: number, behind: number, second: number, third: number): void {
  if (first === 12 && (offset & 3) === 0) copyIv(parts.first as Uint8Array, slab.words, offset >> 2);
  else if (first !== 0) copy(parts.first as Uint8Array, first, slab, offset);
  if (second !== 0) copy(parts.second as Uint8Array, second, slab, behind);
  if (third !== 0) copy(parts.third as Uint8Array, third, slab, behind + second);
}

/** What an iv has most of the time, 12 bytes. A loop would take three times the instructions. */
function copyIv(from: Uint8Array, to: Int32Array, at: number): void {
  to[at] = from[0]! | (from[1]! << 8) | (from[2]! << 16) | (from[3]! << 24);
  to[at + 1] = from[4]! | (from[5]! << 8) | (from[6]! << 16) | (from[7]! << 24);
  to[at + 2] = from[8]! | (from[9]! << 8) | (from[10]! << 16) | (from[11]! << 24);
}

/** Writes at or behind `offset` only, also if another thread makes a shared array longer meanwhile. */
function copy(from: Uint8Array, size: number, to: Slab, offset: number): void {
  if (size <= LOOPED) {
    for (let i = 0; i < size; i++) to.bytes[offset + i] = from[i] as number;
  } else if (lengthOf(from) === size) {
    to.bytes.set(from, offset);
  } else {
    throw rangeError('job.data', 'an array that keeps its length', lengthOf(from));
  }
}

/** Says that there is no input. Nobody looks at the sizes of its parts then. */
export function writeNoInput({ words }: Segment, index: number): void {
  const base = index << 4;
  words[base + Entry.BYTES] = 0;
  words[base + Entry.BYTES + 1] = 0;
  words[base + Entry.SIZE] = 0;
}

function writeEntry(
  { words }: Segment,
  index: number,
  slab: Slab,
  offset: number,
  first: number,
  second: number,
  third: number,
): void {
  const base = index << 4;
  const low = (slab.low + offset) | 0;
  words[base + Entry.BYTES] = low;
  words[base + Entry.BYTES + 1] = slab.high + (low >>> 0 < slab.low >>> 0 ? 1 : 0);
  words[base + Entry.SIZE] = first + second + third;
  words[base + Entry.PART_SIZE] = first;
  words[base + Entry.PART_SIZE + 1] = second;
  words[base + Entry.PART_SIZE + 2] = third;
}

function sizeOf(part: Uint8Array | undefined): number {
  return part === undefined ? 0 : lengthOf(part);
}

function checkedSize(first: number, second: number, third: number): number {
  const size = first + second + third;
  if (size > Limit.INPUT_BYTES) throw rangeError('job.data', `at most ${Limit.INPUT_BYTES} bytes`, size);
  return size;
}
