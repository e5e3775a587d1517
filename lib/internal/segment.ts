/**
 * Segments of job entries, as JavaScript sees them: the shared words, and beside them what belongs to each job on this
 * side. See core/segment.h.
 */
import type { BridgeHandle } from '../binding.js';
import type { Job } from '../job.js';
import type { ModuleJob } from '../module/module-job.js';
import { Entry, Limit } from './layout.js';
import type { FunctionHandle, SerialHandle } from './native-function.js';
import type { Slab, SlabAllocator } from './slab.js';

function empty<T>(): (T | undefined)[] {
  return new Array(Entry.PER_SEGMENT).fill(undefined);
}

/** What segments have for those of the arrays that none of their jobs needed: the garbage collector has enough to do. Never written to. */
const NONE = empty<never>();

/** One segment. Arrays are indexed by the position of the job in the segment. */
export class Segment {
  readonly address: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** The address of the first entry; the entries do not cross a multiple of 2^32. */
  readonly low: number;
  readonly high: number;
  readonly jobs = empty<Job>();
  readonly functions = empty<FunctionHandle>();
  slabs: (Slab | undefined)[] = NONE;
  /** Where results are to be copied to. */
  dsts: (Uint8Array | undefined)[] = NONE;
  /** What threads read where it is: kept from being collected meanwhile. */
  sources: (Uint8Array | undefined)[] = NONE;
  /** Whether a job here has had a native serial() or a module function. If not, nobody needs to look for them. */
  isSpecial = false;
  /** Native serial() functions are rare, so only they are here. */
  readonly serials = new Map<number, SerialHandle>();
  /** Of jobs whose parallel() is a module function. */
  modules: (ModuleJob | undefined)[] = NONE;
  next: Segment | undefined;
  /** Memory for inputs of up to SHORT_INPUT bytes that no result is read from, each at a place of its own: they need not be counted, as those in slabs. */
  shortInputs: Slab | undefined;
  readonly #hidden: SlabAllocator;

  /** @param hidden where memory for inputs comes from that nobody else can write to */
  constructor(address: number, buffer: ArrayBuffer, hidden: SlabAllocator) {
    this.address = address;
    this.#hidden = hidden;
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.low = ((address + Entry.BYTE_LENGTH) % 2 ** 32) | 0;
    this.high = Math.floor(address / 2 ** 32) | 0;
  }

  /** @throws PadataError ENOMEM */
  makeShortInputs(): Slab {
    this.shortInputs = this.#hidden.make(Entry.PER_SEGMENT * Limit.SHORT_INPUT);
    return this.shortInputs;
  }

  /** Gives back what it has besides the memory of its entries. */
  drop(): void {
    if (this.shortInputs !== undefined) this.#hidden.drop(this.shortInputs);
  }

  setSlab(index: number, slab: Slab): void {
    if (this.slabs === NONE) this.slabs = empty();
    this.slabs[index] = slab;
  }

  setModule(index: number, record: ModuleJob): void {
    if (this.modules === NONE) this.modules = empty();
    this.isSpecial = true;
    this.modules[index] = record;
  }

  setSerial(index: number, serial: SerialHandle): void {
    this.isSpecial = true;
    this.serials.set(index, serial);
  }

  setDst(index: number, dst: Uint8Array): void {
    if (this.dsts === NONE) this.dsts = empty();
    this.dsts[index] = dst;
  }

  setSource(index: number, source: Uint8Array): void {
    if (this.sources === NONE) this.sources = empty();
    this.sources[index] = source;
  }
}

/** Where an entry is. */
export interface Place {
  segment: Segment;
  index: number;
}

/** The entry so many behind the first one of a segment; undefined if there is no such segment. */
export function placeAt(first: Segment | undefined, offset: number): Place | undefined {
  let [segment, index] = [first, offset];
  for (; segment !== undefined && index >= Entry.PER_SEGMENT; index -= Entry.PER_SEGMENT) segment = segment.next;
  return segment === undefined || index < 0 ? undefined : { segment, index };
}

/**
 * The views of segments are kept while segments come and go: making them costs more than filling them, and what they consist of has by then been
 * moved to where the garbage collector seldom looks. For a million jobs in flight; the segments themselves are never unmapped anyway.
 */
export class SegmentCache {
  static readonly #KEPT = 4096;
  readonly #bridge: BridgeHandle;
  readonly #hidden: SlabAllocator;
  readonly #free = new Map<number, Segment>();

  constructor(bridge: BridgeHandle, hidden: SlabAllocator) {
    this.#bridge = bridge;
    this.#hidden = hidden;
  }

  /** The view of the segment at an address. */
  take(address: number): Segment {
    const kept = this.#free.get(address);
    if (kept === undefined) return new Segment(address, this.#bridge.segmentBuffer(address), this.#hidden);
    this.#free.delete(address);
    kept.next = undefined;
    kept.isSpecial = false;
    return kept;
  }

  /** The segment goes back to the addon's pool; nothing in it is in use. */
  give(segment: Segment): void {
    if (this.#free.size < SegmentCache.#KEPT) this.#free.set(segment.address, segment);
    else segment.drop();
  }
}
