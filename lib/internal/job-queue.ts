/**
 * The producer's side of an instance's queue: writes tokens, publishes them, and kicks when no thread attends. See
 * core/job_queue.h and core/instance.h.
 */
import { PadataError } from '../errors.js';
import type { Environment } from './environment.js';
import { InstanceWord } from './layout.js';

/** What it is over: an instance, or the isolates of one. */
export interface QueueHandle {
  readonly control: ArrayBuffer;
  readonly queue: ArrayBuffer;
  growQueue(): ArrayBuffer | undefined;
  kick(): void;
}

export class JobQueue {
  readonly control: Int32Array;
  readonly #handle: QueueHandle;
  readonly #environment: Environment;
  #tokens: Int32Array;
  #mask: number;
  #tail = 0;
  /** The head as it was when it was read last: at or before the real one. */
  #head = 0;
  #isDirty = false;
  /** The tail as it was when takeCost() was called last. */
  #lookedAt = 0;

  constructor(handle: QueueHandle, environment: Environment) {
    this.#handle = handle;
    this.#environment = environment;
    this.control = new Int32Array(handle.control);
    this.#tokens = new Int32Array(handle.queue);
    this.#mask = this.#tokens.length / 2 - 1;
  }

  /** Whether reserve() has to be called before push(). */
  get isFull(): boolean {
    return ((this.#tail - this.#head) | 0) > this.#mask;
  }

  /**
   * Makes sure that push() has a place.
   *
   * @throws PadataError ENOMEM
   */
  reserve(): void {
    if (!this.isFull) return;
    this.#head = Atomics.load(this.control, InstanceWord.HEAD);
    if (!this.isFull) return;
    this.flush(); // growing copies what is published
    const queue = this.#handle.growQueue();
    if (queue === undefined) throw new PadataError('ENOMEM', 'doParallel', 'no memory for a longer queue');
    this.#tokens = new Int32Array(queue);
    this.#mask = this.#tokens.length / 2 - 1;
  }

  /**
   * Appends the address of an entry. Within a drain jobs are published in groups, see Environment: each publication
   * takes the cache line of the tail away from the threads that look at it.
   */
  push(low: number, high: number): void {
    const index = (this.#tail & this.#mask) << 1;
    this.#tokens[index] = low;
    this.#tokens[index + 1] = high;
    this.#tail = (this.#tail + 1) | 0;
    if (this.#environment.isDraining === false) {
      this.#publish();
    } else if (this.#isDirty === false) {
      this.#isDirty = true;
      this.#environment.dirtyQueues.push(this);
    }
  }

  /** Publishes what push() has held back. */
  flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#publish();
  }

  /** How long a job takes a thread, in nanoseconds: an average. 0 if none was submitted since the last call. */
  takeCost(): number {
    const isActive = this.#tail !== this.#lookedAt;
    this.#lookedAt = this.#tail;
    return isActive ? (this.control[InstanceWord.COST_NS] as number) : 0;
  }

  // Both accesses are sequentially consistent: a thread that goes to sleep takes itself off `attended`, then reads the tail.
  #publish(): void {
    Atomics.store(this.control, InstanceWord.TAIL, this.#tail);
    if (Atomics.load(this.control, InstanceWord.ATTENDED) === 0) this.#handle.kick();
  }
}
