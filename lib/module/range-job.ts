/**
 * Multithreaded jobs whose thread function is a module function. Isolates take chunks by themselves. What makes them do so are *lanes*: jobs of a shell of
 * its own, which isolates take as they take all jobs, and which are submitted again as long as chunks are left; as many as there are workers, but no more than
 * isolates can soon begin.
 */
import { PadataError } from '../errors.js';
import { asError } from '../internal/as-error.js';
import type { InstancePort } from '../internal/instance-port.js';
import type { MtOptions } from '../internal/mt-check.js';
import { errorOf } from '../internal/mt-errors.js';
import { MtProgress, PROGRESS_MS } from '../internal/mt-progress.js';
import { ShellPort } from '../internal/shell-port.js';
import type { Job } from '../job.js';
import { Chunks } from './chunks.js';
import { type ModuleFunction, rangeFunction } from './module-function.js';
import { planRange } from './range-plan.js';

class LaneJob implements Job {
  readonly parallel: ModuleFunction;
  /** What isolates know the multithreaded job by. */
  readonly data: number;
  error: Error | undefined = undefined;
  result: unknown = undefined;
  readonly #onReturn: (lane: LaneJob) => void;

  constructor(fn: ModuleFunction<never, unknown>, range: number, onReturn: (lane: LaneJob) => void) {
    this.parallel = fn as unknown as ModuleFunction;
    this.data = range;
    this.#onReturn = onReturn;
  }

  serial(): void {
    this.#onReturn(this);
  }
}

export class RangeJob {
  /** Settles when the job is done. */
  readonly outcome: Promise<void>;
  readonly #owner: InstancePort;
  readonly #port: ShellPort;
  readonly #fn: ModuleFunction<never, unknown>;
  /** What isolates know the job by; undefined if the argument cannot be cloned. */
  #range: number | undefined;
  readonly #options: MtOptions;
  readonly #workers: number;
  readonly #chunks: Chunks;
  readonly #onEnd: () => void;
  readonly #errors: Error[] = [];
  #inFlight = 0;
  #isStopped = false;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #progress: MtProgress;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  /** @param onEnd called when it is done, before `outcome` settles */
  constructor(
    owner: InstancePort,
    fn: ModuleFunction<never, unknown>,
    arg: unknown,
    options: MtOptions,
    onEnd: () => void,
  ) {
    this.#owner = owner;
    this.#port = new ShellPort(owner);
    this.#fn = rangeFunction(fn);
    this.#options = options;
    const [start, size, align, minChunk, maxThreads] = options.request as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const { workers, range } = planRange(start, size, align, minChunk, maxThreads);
    this.#workers = workers;
    this.#chunks = new Chunks(range);
    this.#progress = new MtProgress(options, () => this.#chunks.unitsDone);
    this.#onEnd = onEnd;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    options.signal?.addEventListener('abort', this.stop, { once: true });
    if (options.onProgress !== undefined) {
      this.#timer = setInterval(() => this.#tellProgress(), PROGRESS_MS).unref();
    }
    try {
      this.#range = owner.isolates.notices.keepRange(range, arg);
    } catch (error) {
      this.#fail(error);
    }
    this.#fill();
  }

  /** No further chunk begins. */
  readonly stop = (): void => {
    this.#isStopped = true;
    this.#chunks.stop();
  };

  #fill(): void {
    try {
      const cpus = Math.max(this.#owner.usable.parallel.weight, 1); // without any, lanes wait for one
      const most = Math.min(this.#workers, 2 * cpus);
      while (this.#inFlight < most && !this.#chunks.areAllClaimed) this.#submitLane();
    } catch (error) {
      this.#fail(error); // there is no memory
    }
    if (this.#inFlight === 0) this.#end();
  }

  #submitLane(): void {
    const lane = new LaneJob(this.#fn, this.#range as number, this.#onLane);
    const { isolates } = this.#owner;
    this.#port.submitModule(lane, lane.data, this.#fn, undefined, this.#owner.cbCpuAt(0), isolates, undefined);
    this.#inFlight++;
  }

  readonly #onLane = ({ error }: LaneJob): void => {
    this.#inFlight--;
    if (error !== undefined && !(this.#isStopped && isCanceled(error))) this.#fail(error);
    this.#fill();
  };

  #fail(error: unknown): void {
    this.#errors.push(asError(error));
    this.stop();
  }

  #tellProgress(): void {
    try {
      this.#progress.tell();
    } catch (error) {
      this.#fail(asError(error, 'onProgress threw'));
    }
  }

  #end(): void {
    const { signal, size } = this.#options;
    clearInterval(this.#timer);
    signal?.removeEventListener('abort', this.stop);
    // Not within the call of the last serial(): a shell whose job is being delivered is not freed.
    queueMicrotask(() => {
      this.#port.free();
      if (this.#range !== undefined) this.#owner.isolates.notices.dropRange(this.#range);
      this.#onEnd();
      const error = errorOf(this.#errors, this.#chunks.unitsDone === size, signal);
      error === undefined ? this.#resolve() : this.#reject(error);
    });
  }
}

/** A lane that was given up before it began, see Padata.close(): it has left nothing undone that the others have not. */
function isCanceled(error: Error): boolean {
  return error instanceof PadataError && error.code === 'ECANCELED';
}
