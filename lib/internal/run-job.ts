/** Jobs that the convenience functions make: one value in, one value or error out, told to a receiver in order. */
import type { Job, ParallelFunction } from '../job.js';
import type { Caller, ModuleJobOptions } from '../module/module-job.js';
import { asError } from './as-error.js';
import { isThenable } from './thenable.js';

/** What run(), map() and transform() take: a native or module function, or a closure that returns the output or a promise of it. */
export type RunFunction<I, O> = ParallelFunction<I, O> | ((input: I) => O | PromiseLike<O>);

/** Where the outcome goes. Called in the order of submission. */
export interface Receiver<O> {
  fulfilled(output: O): void;
  rejected(error: Error): void;
}

type Complete = (job: Job) => void;

/** What a job with a module function has besides. */
export interface ModuleExtras {
  readonly options: ModuleJobOptions | undefined;
  readonly caller: Caller;
}

/** A job around a native or module function, or a closure. */
export class RunJob<I, O> implements Job {
  readonly parallel: ParallelFunction<I, O> | ((job: RunJob<I, O>) => void);
  readonly data: I;
  result: unknown = undefined;
  error: Error | undefined = undefined;
  readonly extras: ModuleExtras | undefined;
  readonly #receiver: Receiver<O>;

  constructor(fn: RunFunction<I, O>, data: I, receiver: Receiver<O>, complete: Complete, extras?: ModuleExtras) {
    this.parallel = typeof fn === 'function' ? closure(fn, complete) : fn;
    this.data = data;
    this.extras = extras;
    this.#receiver = receiver;
  }

  get moduleOptions(): ModuleJobOptions | undefined {
    return this.extras?.options;
  }

  serial(): void {
    if (this.error === undefined) this.#receiver.fulfilled(this.result as O);
    else this.#receiver.rejected(this.error);
  }
}

function closure<I, O>(fn: (input: I) => O | PromiseLike<O>, complete: Complete): (job: RunJob<I, O>) => void {
  return (job) => {
    const output = fn(job.data);
    if (!isThenable(output)) {
      job.result = output;
      complete(job);
      return;
    }
    Promise.resolve(output).then(
      (value) => {
        job.result = value;
        complete(job);
      },
      (reason) => {
        job.error = asError(reason);
        complete(job);
      },
    );
  };
}
