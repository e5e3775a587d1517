/** Multithreaded jobs while they run: started, watched, ended. */
import { getSystemErrorMap } from 'node:util';
import { binding, type InstanceHandle, type MtJobHandle } from '../binding.js';
import { PadataError } from '../errors.js';
import { asError } from './as-error.js';
import { environment, type WatchedMtJob } from './environment.js';
import type { CheckedJob } from './mt-check.js';
import { errorOf } from './mt-errors.js';
import { MtProgress, PROGRESS_MS } from './mt-progress.js';

/** A job that was started. Its memory is kept from being collected by whoever keeps this. */
class Started {
  readonly job: CheckedJob;
  readonly handle: MtJobHandle;
  /** What onProgress threw. */
  #thrown: { error: unknown } | undefined;
  readonly #progress: MtProgress;

  constructor(instance: InstanceHandle, job: CheckedJob, hasCaller: boolean) {
    this.job = job;
    const { request, memory, numaAware, placement } = job;
    job.fn.inFlight++;
    this.handle = new binding.MtJobHandle(instance, job.fn.address, {
      request,
      memory,
      numaAware,
      placement,
      hasCaller,
    });
    this.#progress = new MtProgress(job, () => this.handle.unitsDone);
  }

  /** Calls onProgress if there is news. What it throws stops the job. */
  tellProgress(): void {
    try {
      this.#progress.tell();
    } catch (error) {
      this.#thrown = { error };
      this.handle.stop();
    }
  }

  /** The job is done. Throws what became of it, if that is not all of its units. */
  end(): void {
    this.job.fn.release();
    const { size, signal } = this.job;
    const error = errorOf(this.#errors(), this.handle.unitsDone === size, signal);
    if (error !== undefined) throw error;
  }

  /** In the order in which they came. */
  #errors(): Error[] {
    const numbers = this.handle.failures();
    const errors = Array.from({ length: numbers.length / 3 }, (_, i) => this.#chunkError(numbers.subarray(3 * i)));
    if (this.#thrown !== undefined) errors.push(asError(this.#thrown.error, 'onProgress threw'));
    return errors;
  }

  #chunkError([errno, start, end]: Float64Array): Error {
    const { name, codec } = this.job.fn;
    const text = codec.explain?.(errno as number) ?? getSystemErrorMap().get(errno as number)?.[1] ?? `errno ${errno}`;
    return PadataError.fromErrno(errno as number, name, `${text}, in the units [${start}, ${end})`);
  }
}

/** A job without a caller: the threads do it, the event loop is told. */
export class AsyncMtJob implements WatchedMtJob {
  /** Settles when the job is done. */
  readonly outcome: Promise<void>;
  readonly #onDone: () => void;
  readonly #started: Started;
  readonly #timer: NodeJS.Timeout | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  /** @param onDone called when it is done, before `outcome` settles */
  constructor(instance: InstanceHandle, job: CheckedJob, onDone: () => void) {
    this.#onDone = onDone;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#started = new Started(instance, job, false);
    job.signal?.addEventListener('abort', this.stop, { once: true });
    if (job.onProgress !== undefined) {
      this.#timer = setInterval(() => this.#started.tellProgress(), PROGRESS_MS).unref();
    }
    environment.addMtJob(this);
  }

  get isDone(): boolean {
    return this.#started.handle.isDone;
  }

  /** No further chunk begins. */
  readonly stop = (): void => this.#started.handle.stop();

  settle(): void {
    this.#onDone();
    clearInterval(this.#timer);
    this.#started.job.signal?.removeEventListener('abort', this.stop);
    try {
      this.#started.end();
      this.#resolve();
    } catch (error) {
      this.#reject(error);
    }
  }
}

/** A job that the calling thread takes part in. Returns when it is done. */
export function runMtSync(instance: InstanceHandle, job: CheckedJob): void {
  const started = new Started(instance, job, true);
  const slice = job.onProgress === undefined ? Number.POSITIVE_INFINITY : PROGRESS_MS;
  while (!started.handle.takePart(slice)) {
    started.tellProgress();
    if (job.signal?.aborted) started.handle.stop();
  }
  started.end();
}
