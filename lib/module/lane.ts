/** Inside an isolate: its part in a multithreaded job, which is chunk after chunk. */
import { setImmediate } from 'node:timers/promises';
import type { IsolateHandle } from '../binding.js';
import { isThenable } from '../internal/thenable.js';
import { Chunks } from './chunks.js';
import { now } from './clock.js';
import type { RangeNotice } from './messages.js';

/** For how long further chunks begin before the event loop of the isolate has a turn, and jobs that wait theirs, in milliseconds. */
const SLICE_MS = 5;

type ThreadFunction = (start: number, end: number, arg: unknown) => unknown;

export class Lane {
  readonly #handle: IsolateHandle;
  readonly #chunks: Chunks;
  readonly #arg: unknown;

  constructor(handle: IsolateHandle, { range, arg }: RangeNotice) {
    this.#handle = handle;
    this.#chunks = new Chunks(range);
    this.#arg = arg;
  }

  /**
   * Calls the function for chunk after chunk until none is left, the CPU leaves the mask, or others want the isolate. Once the function has
   * thrown, or rejected, no isolate begins a further chunk.
   *
   * @returns undefined, or a promise that settles when it is through
   * @throws what the function throws
   */
  run(fn: ThreadFunction): Promise<void> | undefined {
    const later = this.#slice(fn);
    return later === undefined && !this.#goesOn() ? undefined : this.#finish(fn, later);
  }

  async #finish(fn: ThreadFunction, later: Promise<void> | undefined): Promise<void> {
    await later;
    while (this.#goesOn()) {
      await setImmediate();
      await this.#slice(fn);
    }
  }

  #goesOn(): boolean {
    return !this.#chunks.areAllClaimed && this.#handle.mayClaim() && !this.#handle.isWanted();
  }

  /** One chunk or more; one if the function returns a promise, and then a promise. */
  #slice(fn: ThreadFunction): Promise<void> | undefined {
    const end = now() + SLICE_MS;
    do {
      const chunk = this.#chunks.claim();
      if (chunk === undefined) return undefined;
      const later = this.#call(fn, ...chunk);
      if (later !== undefined) return later;
    } while (now() < end && this.#handle.mayClaim());
    return undefined;
  }

  #call(fn: ThreadFunction, start: number, end: number): Promise<void> | undefined {
    try {
      const output = fn(start, end, this.#arg);
      if (isThenable(output)) return this.#settle(output, end - start);
      this.#chunks.finish(end - start);
      return undefined;
    } catch (error) {
      this.#chunks.stop();
      throw error;
    }
  }

  async #settle(output: PromiseLike<unknown>, units: number): Promise<void> {
    try {
      await output;
      this.#chunks.finish(units);
    } catch (error) {
      this.#chunks.stop();
      throw error;
    }
  }
}
