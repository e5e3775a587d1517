/** The jobs of a shell whose parallel() is a closure, from submission until doSerial. */
import { PadataError } from '../errors.js';
import type { Job } from '../job.js';
import { Entry, Phase } from './layout.js';
import { setError, throwSoon } from './outcome.js';
import type { Place } from './segment.js';
import { writeResult } from './serial-result.js';

interface Outstanding extends Place {
  seqNr: number;
}

export class Closures {
  readonly #outstanding = new Map<Job, Outstanding>();
  readonly #onDone: () => void;

  /** @param onDone an entry was marked as done: the shell has to be reordered */
  constructor(onDone: () => void) {
    this.#onDone = onDone;
  }

  /** Of how many jobs doSerial is awaited. */
  get size(): number {
    return this.#outstanding.size;
  }

  has(job: Job): boolean {
    return this.#outstanding.has(job);
  }

  /** @throws PadataError EBUSY the job is in flight */
  checkNew(job: Job): void {
    if (!this.#outstanding.has(job)) return;
    throw new PadataError('EBUSY', 'doParallel', 'this job is in flight; submit it again after its serial()');
  }

  /** Its parallel() is called soon, not within the caller, and in the caller's asynchronous context. */
  add(job: Job, at: Outstanding): void {
    this.#outstanding.set(job, at);
    queueMicrotask(() => this.#call(job));
  }

  /**
   * doSerial() of a job.
   *
   * @throws PadataError EINVAL it is not outstanding here; DataCloneError, TypeError its result cannot be given to its serial()
   */
  complete(job: Job): void {
    const at = this.#outstanding.get(job);
    if (at === undefined) {
      const detail = 'this job is not outstanding in this shell (doSerial is called once per job)';
      throw new PadataError('EINVAL', 'doSerial', detail);
    }
    const { segment, index, seqNr } = at;
    const serial = segment.serials.get(index);
    if (serial !== undefined) writeResult(job, serial, segment, index);
    this.#outstanding.delete(job);
    Atomics.store(segment.words, (index << 4) + Entry.STATE, (seqNr << Phase.BITS) | Phase.DONE);
    this.#onDone();
  }

  #call(job: Job): void {
    try {
      (job.parallel as (job: Job) => void)(job);
    } catch (error) {
      if (!this.#outstanding.has(job)) {
        throwSoon(error); // it had called doSerial, so it cannot fail any more
        return;
      }
      setError(job, error);
      this.complete(job);
    }
  }
}
