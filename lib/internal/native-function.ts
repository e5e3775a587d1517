/** What a native function is inside the package: its address and room, how input gets in, and how output gets out. */
import type { FunctionDescription } from '../binding.js';
import { PadataError } from '../errors.js';
import type { IsolatePool } from '../module/isolate-pool.js';
import { environment } from './environment.js';
import type { Explain } from './explain.js';
import type { NamedParts } from './mt-memory.js';
import { typeError } from './validate.js';

/**
 * The parts of an input, filled in by a codec; what it does not set is absent. The parts are copied one behind the
 * other as soon as the codec returns.
 */
export interface InputParts {
  first: Uint8Array | undefined;
  second: Uint8Array | undefined;
  third: Uint8Array | undefined;
  /** Where the bytes of the result go, long enough for them. Without it the result is a view of a slab. */
  dst: Uint8Array | undefined;
}

/** Whether a function takes a reference behind the first part, see ReferenceWord. It is given one where `dst` is memory of the addon. */
// biome-ignore lint/suspicious/noConstEnum: compared for each job, see layout.ts
export const enum Reference {
  NONE = 0,
  /** It does, and reads the third part where it is. */
  SOURCE = 1,
  /** It does, and wants a place to copy the third part to. */
  COPY = 2,
}

/** How the values of a native function cross the border. Both run on the event loop of the submitting environment. */
export interface Codec<I, O> {
  /** An input that is undefined is none, and need not be encoded. */
  readonly isOptional?: boolean;
  /** At submission. Throws a TypeError, RangeError or PadataError for input that is wrong, and nothing is queued. */
  encode(input: I, parts: InputParts): void;
  /**
   * In the job's turn, before a closure's serial() is called: what is to happen in order on this side. What it throws becomes the job's
   * error. A function that has it cannot be combined with a native serial().
   */
  settle?(output: O): O;
  /**
   * Of a thread function: the pieces of memory that an fnArg consists of, in the order of its parts and under the names that errors have for
   * them, checked against the range. Without it an fnArg is taken as it is.
   */
  parts?(fnArg: unknown, start: number, end: number): NamedParts;
  /** Default: NONE. */
  readonly reference?: Reference;
  /** What it means that the function ended with this errno. Without it the errors have the system's texts. */
  readonly explain?: Explain;
}

/** One native function, as jobs refer to it. */
export class FunctionHandle {
  readonly name: string;
  readonly isRange: boolean;
  readonly takesParts: boolean;
  readonly headroom: number;
  readonly tailroom: number;
  readonly low: number;
  readonly high: number;
  readonly codec: Codec<unknown, unknown>;
  /** Even a job without data needs memory, or has to be looked at by the codec. */
  readonly needsInput: boolean;
  readonly settles: boolean;
  readonly reference: Reference;
  /** Jobs in flight, over all shells of this environment. */
  inFlight = 0;
  isFreed = false;
  readonly pool: undefined;
  readonly address: number;
  /** Kept from being collected while jobs are in flight: the addon that made it may have tied things to it. */
  readonly external: unknown;

  constructor(external: unknown, description: FunctionDescription, codec: Codec<unknown, unknown>) {
    this.external = external;
    this.name = description.name;
    this.isRange = description.isRange;
    this.takesParts = description.takesParts;
    this.headroom = description.headroom;
    this.tailroom = description.tailroom;
    this.address = description.address;
    this.low = (description.address % 2 ** 32) | 0;
    this.high = Math.floor(description.address / 2 ** 32) | 0;
    this.codec = codec;
    this.needsInput = codec.isOptional !== true || this.headroom + this.tailroom !== 0;
    this.settles = codec.settle !== undefined;
    this.reference = codec.reference ?? Reference.NONE;
  }

  /** A job that used it has been serialized. */
  release(): void {
    if (--this.inFlight === 0 && this.isFreed) this.#drop();
  }

  /** No further jobs. The native side is released when those in flight are through. */
  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    if (this.inFlight === 0) this.#drop();
  }

  #drop(): void {
    environment.bridge.dropFunction(this.address);
  }
}

/** What shells need of the function that is a job's serial(). */
export interface SerialHandle {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  inFlight: number;
  readonly isFreed: boolean;
  /** The isolates, if it is a module function. */
  readonly pool: IsolatePool | undefined;
  release(cbCpu: number): void;
}

/** When a function object is collected, its native side goes, too: no job in flight refers to it then. */
const collected = new FinalizationRegistry<FunctionHandle>((handle) => handle.free());

/** The inner side of a function object that this package has made. */
export const handleKey: unique symbol = Symbol('padata.handle');

/** The codec of functions that say nothing else: up to three byte arrays in, whatever the function makes of them out. */
export const bytesCodec: Codec<unknown, unknown> = {
  isOptional: true,
  encode(input: unknown, parts: InputParts): void {
    if (input === undefined) return;
    if (input instanceof Uint8Array) {
      parts.first = input;
      return;
    }
    const isShort = Array.isArray(input) && input.length <= 3;
    const list = isShort ? Array.from(input) : undefined; // read once: an element may be a getter
    if (list === undefined || list.length > 3 || !list.every((part) => part instanceof Uint8Array)) {
      throw typeError('job.data', 'undefined, a Uint8Array, or an array of up to three of them', input);
    }
    [parts.first, parts.second, parts.third] = list;
    parts.dst = undefined; // a getter may have submitted a job that has one
  },
};

/**
 * Registers a native function with this environment.
 *
 * @throws TypeError the value is not an External of padata's ABI
 */
export function registerFunction(external: unknown, codec: Codec<unknown, unknown>): FunctionHandle {
  const added = environment.bridge.addFunction(external);
  if (typeof added === 'string') {
    throw typeError('external', `a native function as padata.h describes it, but ${added}`, external);
  }
  return new FunctionHandle(external, added, codec);
}

/** Ties the life of the native side to that of the function object. */
export function bindLifetime(owner: object, handle: FunctionHandle): void {
  collected.register(owner, handle, handle);
}

/** Releases a function before it is collected. Jobs that are submitted with it from then on are refused with EINVAL. */
export function freeFunction(handle: FunctionHandle): void {
  collected.unregister(handle);
  handle.free();
}

/** @throws PadataError EINVAL if jobs with this function are not accepted */
export function checkUsable(handle: FunctionHandle): void {
  if (handle.isFreed) throw new PadataError('EINVAL', 'doParallel', `native function ${handle.name} was freed`);
  if (handle.isRange) {
    throw new PadataError('EINVAL', 'doParallel', `${handle.name} is the thread function of a multithreaded job`);
  }
}
