/**
 * The chunks of a range. Each is claimed once, by whichever isolate comes first: where the next one begins lies in shared memory. The event loop
 * looks on, and may say that there are no more. Atomics of JavaScript are sequentially consistent.
 */
import { type Range, roundUp } from './range-plan.js';

/** 64-bit words of Range.shared: the first unit that is not claimed, and how many are done. */
const NEXT = 0;
const DONE = 1;

export class Chunks {
  readonly #words: BigInt64Array<SharedArrayBuffer>;
  readonly #end: bigint;
  readonly #size: bigint;

  constructor({ end, chunk, shared }: Range) {
    this.#words = new BigInt64Array(shared);
    this.#end = end;
    this.#size = chunk;
  }

  /** The next chunk, [start, end); undefined if there is none. */
  claim(): [start: number, end: number] | undefined {
    let start = Atomics.load(this.#words, NEXT);
    while (start !== this.#end) {
      const end = this.#endOf(start);
      const seen = Atomics.compareExchange(this.#words, NEXT, start, end);
      if (seen === start) return [Number(start), Number(end)];
      start = seen;
    }
    return undefined;
  }

  #endOf(start: bigint): bigint {
    if (this.#size === 0n) return this.#end;
    const boundary = roundUp(start + 1n, this.#size);
    return boundary < this.#end ? boundary : this.#end;
  }

  /** A chunk of so many units is done. */
  finish(units: number): void {
    Atomics.add(this.#words, DONE, BigInt(units));
  }

  /** No chunk is claimed any more. */
  stop(): void {
    Atomics.store(this.#words, NEXT, this.#end);
  }

  get areAllClaimed(): boolean {
    return Atomics.load(this.#words, NEXT) === this.#end;
  }

  get unitsDone(): number {
    return Number(Atomics.load(this.#words, DONE));
  }
}
