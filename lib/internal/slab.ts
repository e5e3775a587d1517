/**
 * Memory for the bytes of jobs. The addon owns it and counts references: nothing that is done to a view of it can take
 * it away from a thread. Inputs are copied into a slab one behind the other; a function writes its result in place, and the
 * result is handed out as a view, like the pool behind Node's Buffers.
 *
 * A slab that no result was handed out of is used again. One that was handed out of is left to the garbage collector: its
 * memory is used again when the last view is gone.
 */
import type { BridgeHandle } from '../binding.js';
import { PadataError } from '../errors.js';

/** One piece of memory. `inFlight` counts the jobs that use it. */
export class Slab {
  readonly home: SlabAllocator;
  /** All of it. Empty if somebody detached its ArrayBuffer. */
  readonly bytes: Uint8Array;
  readonly buffer: ArrayBuffer;
  readonly words: Int32Array;
  readonly low: number;
  readonly high: number;
  readonly handle: number;
  inFlight = 0;
  used = 0;
  isExposed = false;

  constructor(home: SlabAllocator, memory: { buffer: ArrayBuffer; address: number; handle: number }) {
    this.home = home;
    this.buffer = memory.buffer;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer, 0, memory.buffer.byteLength >>> 2);
    this.low = memory.address | 0;
    this.high = Math.floor(memory.address / 2 ** 32);
    this.handle = memory.handle;
  }
}

const SLAB_BYTES = 256 * 1024;
/** An input that is larger has a slab to itself. */
const LARGEST_SHARED = SLAB_BYTES / 4;
/** Places begin on cache lines, so that threads do not write to each other's. */
const ALIGNMENT = 64;
const KEPT = 16;

/** Hands out places in slabs. */
export class SlabAllocator {
  readonly #bridge: BridgeHandle;
  #current: Slab | undefined;
  readonly #free: Slab[] = [];
  #hidden: SlabAllocator | undefined;
  /** Where the place begins that the last call of reserve() has found. */
  offset = 0;

  constructor(bridge: BridgeHandle) {
    this.#bridge = bridge;
  }

  /** Slabs that no view is handed out of, so that nobody else can write to them: for what threads have to rely on. */
  get hidden(): SlabAllocator {
    this.#hidden ??= new SlabAllocator(this.#bridge);
    return this.#hidden;
  }

  /**
   * Finds a place for so many bytes and counts the job. Its offset is in `this.offset`.
   *
   * @throws PadataError ENOMEM
   */
  reserve(size: number): Slab {
    if (size > LARGEST_SHARED) return this.#take(this.make(size), size);
    const slab = this.#current;
    if (slab !== undefined && slab.used + size <= SLAB_BYTES && slab.bytes.length !== 0) return this.#take(slab, size);
    this.#retireCurrent();
    this.#current = this.#free.pop() ?? this.make(SLAB_BYTES);
    return this.#take(this.#current, size);
  }

  /** A job that used the slab, a hidden one perhaps, has been serialized. */
  release(slab: Slab): void {
    if (--slab.inFlight === 0) slab.home.#vacate(slab);
  }

  #vacate(slab: Slab): void {
    if (slab !== this.#current) {
      this.#discard(slab);
    } else if (!slab.isExposed) {
      slab.used = 0;
    }
  }

  /** A view of a result. */
  view(slab: Slab, offset: number, size: number): Uint8Array {
    if (slab.bytes.length === 0) return this.#bridge.slabBytes(slab.handle, offset, size);
    slab.isExposed = true;
    return new Uint8Array(slab.buffer, offset, size);
  }

  /** A view that is not handed out. */
  peek(slab: Slab, offset: number, size: number): Uint8Array {
    if (slab.bytes.length === 0) return this.#bridge.slabBytes(slab.handle, offset, size);
    return new Uint8Array(slab.buffer, offset, size);
  }

  #take(slab: Slab, size: number): Slab {
    this.offset = slab.used;
    slab.used += (size + ALIGNMENT - 1) & -ALIGNMENT;
    slab.inFlight++;
    return slab;
  }

  /** Memory for whoever counts by himself. @throws PadataError ENOMEM */
  make(bytes: number): Slab {
    const memory = this.#bridge.addSlab(bytes);
    if (memory === undefined) throw new PadataError('ENOMEM', 'doParallel', `no memory for ${bytes} bytes of input`);
    return new Slab(this, memory);
  }

  /** What make() has given goes back. */
  drop(slab: Slab): void {
    this.#bridge.dropSlab(slab.handle);
  }

  #retireCurrent(): void {
    const slab = this.#current;
    this.#current = undefined;
    if (slab !== undefined && slab.inFlight === 0) this.#discard(slab);
  }

  #discard(slab: Slab): void {
    if (slab.isExposed || slab.bytes.length !== SLAB_BYTES || this.#free.length === KEPT) {
      this.drop(slab);
    } else {
      slab.used = 0;
      this.#free.push(slab);
    }
  }
}
