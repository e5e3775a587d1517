/** What jobs of an isolate came to, in shared memory, until its next turn completes them. */
import { constants } from 'node:os';
import type { IsolateHandle } from '../binding.js';
import {
  OUTCOME_NUMBER_F64,
  OUTCOME_OFFSET,
  OUTCOME_SIZE,
  OUTCOME_SLOT,
  OUTCOME_STATUS,
  OUTCOME_TYPE,
  OUTCOMES,
  outcomeAt,
  RESULT_BYTES,
  RESULT_BYTES_AT,
  SLOTS,
} from './seat.js';
import { FAILURE } from './values.js';

/** A result that is larger is completed at once, by a call of its own. */
const LARGEST_SHARED = RESULT_BYTES / 4;

export class Outbox {
  readonly #handle: IsolateHandle;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #flush: () => void;
  #count = 0;
  #used = 0;

  /** @param flush makes room: it calls turn(), then clear() */
  constructor(handle: IsolateHandle, flush: () => void) {
    this.#flush = flush;
    this.#handle = handle;
    this.#words = new Int32Array(handle.memory);
    this.#doubles = new Float64Array(handle.memory);
    this.#bytes = new Uint8Array(handle.memory, RESULT_BYTES_AT, RESULT_BYTES);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** A turn has completed everything. */
  clear(): void {
    this.#count = 0;
    this.#used = 0;
  }

  add(slot: number, type: number, number: number, bytes: Uint8Array | undefined): void {
    this.#put(slot, type, 0, number, bytes);
  }

  /** The job failed with an error, as encodeError() has written it. */
  addFailure(slot: number, error: Uint8Array): void {
    this.#put(slot, FAILURE, -constants.errno.EIO, 0, error);
  }

  #put(slot: number, type: number, status: number, number: number, bytes: Uint8Array | undefined): void {
    const size = bytes === undefined ? 0 : bytes.length;
    if (size > LARGEST_SHARED) {
      this.#handle.finish(slot, type, status, bytes as Uint8Array);
      return;
    }
    if (this.#count === SLOTS || this.#used + size > RESULT_BYTES) this.#flush();
    const base = outcomeAt(this.#count);
    const words = this.#words;
    words[base + OUTCOME_SLOT] = slot;
    words[base + OUTCOME_TYPE] = type;
    words[base + OUTCOME_OFFSET] = this.#used;
    words[base + OUTCOME_SIZE] = size;
    words[base + OUTCOME_STATUS] = status;
    this.#doubles[(base >> 1) + OUTCOME_NUMBER_F64] = number;
    if (size !== 0) this.#bytes.set(bytes as Uint8Array, this.#used);
    this.#used += size;
    Atomics.store(words, OUTCOMES, ++this.#count);
  }
}
