/**
 * Multithreaded jobs whose thread function is a module function. Each chunk is a job of a shell of its own, so that isolates take it as they take all
 * jobs; as many are in flight as there are workers, but no more than isolates can soon begin: what was handed out cannot be called back. The argument
 * is not part of them: each isolate gets it once.
 */
import { asError } from '../internal/as-error.js';
import type { InstancePort } from '../internal/instance-port.js';
import type { MtOptions } from '../internal/mt-check.js';
import { ShellPort } from '../internal/shell-port.js';
import type { Job } from '../job.js';
import type { ChunkInput } from './messages.js';
import { type ModuleFunction, rangeFunction } from './module-function.js';
import { RangePlan } from './range-plan.js';

/** How often progress is told at most, in milliseconds. */
const PROGRESS_MS = 50;

class Chunk implements Job {
  readonly parallel: ModuleFunction;
  readonly data: ChunkInput;
  readonly size: number;
  error: Error | undefined = undefined;
  result: unknown = undefined;
  readonly #onDone: (chunk: Chunk) => void;

  constructor(
    fn: ModuleFunction<never, unknown>,
    [start, end]: [number, number],
    arg: number,
    onDone: (chunk: Chunk) => void,
  ) {
    this.parallel = fn as unknown as ModuleFunction;
    this.data = { start, end, arg };
    this.size = end - start;
    this.#onDone = onDone;
  }

  serial(): void {
    this.#onDone(this);
  }
}

export class RangeJob {
  /** Settles when the job is done. */
  readonly outcome: Promise<void>;
  readonly #owner: InstancePort;
  readonly #port: ShellPort;
  readonly #fn: ModuleFunction<never, unknown>;
  /** What isolates know the argument by; undefined if it cannot be cloned. */
  #arg: number | undefined;
  readonly #options: MtOptions;
  readonly #plan: RangePlan;
  readonly #onEnd: () => void;
  readonly #errors: Error[] = [];
  #inFlight = 0;
  #unitsDone = 0;
  #toldAt = performance.now();
  #isStopped = false;
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
    this.#plan = new RangePlan(start, size, align, minChunk, maxThreads);
    this.#onEnd = onEnd;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    options.signal?.addEventListener('abort', this.stop, { once: true });
    try {
      this.#arg = owner.isolates.notices.keepArg(arg);
    } catch (error) {
      this.#fail(error);
    }
    this.#fill();
  }

  /** No further chunk begins. */
  readonly stop = (): void => {
    this.#isStopped = true;
  };

  #fill(): void {
    try {
      const most = Math.min(this.#plan.workers, 2 * this.#owner.usable.parallel.weight);
      while (!this.#isStopped && this.#inFlight < most && this.#submitNext());
    } catch (error) {
      this.#fail(error); // there is no memory
    }
    if (this.#inFlight === 0) this.#end();
  }

  #submitNext(): boolean {
    const range = this.#plan.next();
    if (range === undefined) return false;
    const chunk = new Chunk(this.#fn, range, this.#arg as number, this.#onChunk);
    const { isolates } = this.#owner;
    this.#port.submitModule(chunk, chunk.data, this.#fn, undefined, this.#owner.cbCpuAt(0), isolates, undefined);
    this.#inFlight++;
    return true;
  }

  readonly #onChunk = (chunk: Chunk): void => {
    this.#inFlight--;
    if (chunk.error !== undefined) this.#fail(chunk.error);
    else this.#unitsDone += chunk.size;
    this.#tellProgress();
    this.#fill();
  };

  #fail(error: unknown): void {
    this.#errors.push(asError(error));
    this.#isStopped = true;
  }

  #tellProgress(): void {
    const { onProgress, size } = this.#options;
    if (onProgress === undefined || performance.now() - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = performance.now();
    try {
      onProgress(this.#unitsDone, size);
    } catch (error) {
      this.#fail(asError(error, 'onProgress threw'));
    }
  }

  #end(): void {
    const { signal } = this.#options;
    signal?.removeEventListener('abort', this.stop);
    // Not within the call of the last serial(): a shell whose job is being delivered is not freed.
    queueMicrotask(() => {
      this.#port.free();
      if (this.#arg !== undefined) this.#owner.isolates.notices.dropArg(this.#arg);
      this.#onEnd();
      const [first, ...others] = this.#errors;
      if (others.length !== 0) {
        this.#reject(new AggregateError(this.#errors, `${this.#errors.length} chunks failed: ${first?.message}`));
      } else if (first !== undefined) this.#reject(first);
      else if (this.#unitsDone === this.#options.size) this.#resolve();
      else this.#reject(asError(signal?.reason, 'aborted with'));
    });
  }
}
