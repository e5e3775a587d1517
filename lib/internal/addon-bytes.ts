/**
 * Bytes that a thread may read and write where they are. Their memory belongs to the addon, which counts references: one is held
 * here as long as an object of this module or a job in flight can reach it, so nothing that is done to the ArrayBuffer takes
 * it away from a thread.
 */
import type { BridgeHandle } from '../binding.js';
import { PadataError } from '../errors.js';
import { ReferenceWord } from './layout.js';

/** One piece of memory. While it can be reached, the addon holds a reference for it. */
interface Memory {
  readonly address: number;
  readonly size: number;
}

/** What is known of an ArrayBuffer, and of nothing that only looks like one. */
const memories = new WeakMap<object, Memory>();

// Properties of an array can be overridden, then asking for them runs code of the user's; these say what is really so.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const offsetOf = intrinsic('byteOffset');
export const lengthOf = intrinsic('length');

function intrinsic(name: string): (bytes: Uint8Array) => number {
  const { get } = Object.getOwnPropertyDescriptor(typedArray, name) as { get: () => number };
  return Function.prototype.call.bind(get) as unknown as (bytes: Uint8Array) => number;
}

/**
 * A view of such memory: like Buffer a Uint8Array, whose `subarray()` gives one of the same kind. What makes it one cannot be forged, nor
 * changed later.
 */
export class AddonBytes extends Uint8Array {
  #memory: Memory | undefined;
  #offset = 0;
  #size = 0;
  #low = 0;
  #high = 0;
  #beginning: AddonBytes | undefined;

  /** Called by methods of Uint8Array as well, with a number for memory that is not the addon's. */
  constructor(buffer: ArrayBuffer | number, offset?: number, length?: number) {
    super(buffer as ArrayBuffer, offset, length);
    const memory = memories.get(buffer as object);
    if (memory === undefined) return;
    this.#offset = offsetOf(this);
    this.#size = lengthOf(this);
    const address = memory.address + this.#offset;
    this.#low = address | 0;
    this.#high = (address / 2 ** 32) | 0;
    if (this.#offset + this.#size <= memory.size) this.#memory = memory;
  }

  /** The same value, if it is such a view, and has not lost its ArrayBuffer. */
  static in(bytes: Uint8Array | undefined): AddonBytes | undefined {
    if (bytes === undefined || !(#memory in bytes) || bytes.#memory === undefined) return undefined;
    return lengthOf(bytes) === bytes.#size ? bytes : undefined;
  }

  /** The same value, if a thread can read it where it is; not if writing to `dst` would change it in the midst of that. */
  static sourceFor(dst: AddonBytes, bytes: Uint8Array | undefined): AddonBytes | undefined {
    const source = AddonBytes.in(bytes);
    if (source === undefined || source.#memory !== dst.#memory || source.#offset === dst.#offset) return source;
    const isApart = source.#offset >= dst.#offset + dst.#size || dst.#offset >= source.#offset + source.#size;
    return isApart ? source : undefined;
  }

  /** Writes a reference, see ReferenceWord. @param size of the source, wherever that is */
  static writeReference(
    dst: AddonBytes,
    source: AddonBytes | undefined,
    size: number,
    words: Int32Array,
    at: number,
  ): void {
    words[at + ReferenceWord.SOURCE] = source === undefined ? 0 : source.#low;
    words[at + ReferenceWord.SOURCE + 1] = source === undefined ? 0 : source.#high;
    words[at + ReferenceWord.DST] = dst.#low;
    words[at + ReferenceWord.DST + 1] = dst.#high;
    words[at + ReferenceWord.SIZE] = size;
    words[at + ReferenceWord.DST_SIZE] = dst.#size;
  }

  /**
   * The first bytes of a view that has more: the same object as the last time, if there are as many and nothing was done to it, for making one
   * costs as much as a small job.
   */
  static beginning(bytes: AddonBytes, size: number): Uint8Array {
    const last = bytes.#beginning;
    if (last !== undefined && last.#size === size && lengthOf(last) === size) return last;
    bytes.#beginning = new AddonBytes(bytes.buffer as ArrayBuffer, bytes.#offset, size);
    return bytes.#beginning;
  }

  /** How many bytes there are, whatever `length` says. */
  static sizeOf(bytes: AddonBytes): number {
    return bytes.#size;
  }
}

/** Drops the reference when nothing can reach the memory any more. */
let unreachable: FinalizationRegistry<number> | undefined;

/** @throws PadataError ENOMEM */
export function allocateBytes(bridge: BridgeHandle, size: number): Uint8Array {
  const made = bridge.addSlab(size);
  if (made === undefined) throw new PadataError('ENOMEM', 'allocate', `no memory for ${size} bytes`);
  const memory = { address: made.address, size };
  unreachable ??= new FinalizationRegistry((handle) => bridge.dropSlab(handle));
  unreachable.register(memory, made.handle);
  memories.set(made.buffer, memory);
  return new AddonBytes(made.buffer).fill(0); // memory of the addon may have been used before
}
