/** The inputs of the jobs that an isolate has claimed. */
import type { IsolateHandle } from '../binding.js';
import { ARENA_USED, NOT_FETCHED, OFFSET, SIZE, slotAt } from './seat.js';

/** Inputs are copied into pieces of memory of this size, which functions may keep, transfer and write to; a larger input has memory of its own. */
const BYTES = 256 * 1024;
const RESERVE = 16 * 1024;

export class Arena {
  readonly #handle: IsolateHandle;
  readonly #words: Int32Array;
  #memory = new Uint8Array(BYTES);

  constructor(handle: IsolateHandle, words: Int32Array) {
    this.#handle = handle;
    this.#words = words;
  }

  /** For a turn that claims nothing: what was claimed before lies there. */
  get memory(): Uint8Array {
    return this.#memory;
  }

  /** For a turn that claims, when every job has its input: with room for the next jobs. */
  prepare(): Uint8Array {
    if ((this.#words[ARENA_USED] as number) > BYTES - RESERVE || this.#memory.length === 0) {
      this.#memory = new Uint8Array(BYTES);
      this.#words[ARENA_USED] = 0;
    }
    return this.#memory;
  }

  /** Once for each slot. A function may have transferred the memory since: then its jobs are fetched again. */
  bytesOf(slot: number): Uint8Array {
    const base = slotAt(slot);
    const size = this.#words[base + SIZE] as number;
    const offset = this.#words[base + OFFSET] as number;
    if (offset !== NOT_FETCHED && offset + size <= this.#memory.length) {
      return new Uint8Array(this.#memory.buffer, offset, size);
    }
    const own = new Uint8Array(size);
    this.#handle.fetch(slot, own);
    if (offset === NOT_FETCHED) this.#words[ARENA_USED] = BYTES; // it is full: the next turn has a new one
    return own;
  }
}
