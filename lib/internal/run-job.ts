/** Jobs that the convenience functions make: one value in, one value or error out, told to a receiver in order. */
import type { Job, ParallelFunction } from '../job.js';
import type { NativeFunction } from '../native-function.js';
import { asError } from './as-error.js';

/** What run(), map() and transform() take: a native function, or a closure that returns the output or a promise of it. */
export type RunFunction<I, O> = ParallelFunction<I, O> | ((input: I) => O | PromiseLike<O>);

/** Where the outcome goes. Called in the order of submission. */
export interface Receiver<O> {
  fulfilled(output: O): void;
  rejected(error: Error): void;
}

type Complete = (job: Job) => void;

/** A job around a native function or a closure. */
export class RunJob<I, O> implements Job {
  readonly parallel: NativeFunction<I, O> | ((job: RunJob<I, O>) => void);
  readonly data: I;
  result: unknown = undefined;
  error: Error | undefined = undefined;
  readonly #receiver: Receiver<O>;

  constructor(fn: RunFunction<I, O>, data: I, receiver: Receiver<O>, complete: Complete) {
    this.parallel = typeof fn === 'function' ? closure(fn, complete) : fn;
    this.data = data;
    this.#receiver = receiver;
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

function isThenable<O>(value: O | PromiseLike<O>): value is PromiseLike<O> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
