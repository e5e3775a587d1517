import type { ModuleFunction } from './module/module-function.js';
import type { ModuleJobOptions } from './module/module-job.js';
import type { NativeFunction } from './native-function.js';

/** What `parallel` of a job can be, besides a closure. */
export type ParallelFunction<I = unknown, O = unknown> = NativeFunction<I, O> | ModuleFunction<I, O>;

/**
 * One unit of ordered work: any object, or instance of a class, with these members. As in the kernel, where struct
 * padata_priv is embedded in a larger structure, whatever else the functions need is kept beside them.
 *
 * A job is accepted by `shell.doParallel(job)`. Its parallel() is then called exactly once, and its serial() exactly
 * once, after doSerial, in the order of submission. (padata document, "Running A Job" and "Serializing Jobs")
 */
export interface Job {
  /**
   * A closure is called on the submitting event loop, soon after doParallel has returned. It takes responsibility for the
   * job: it calls `shell.doSerial(job)` itself, now or later. If it throws, the job takes its turn with `error` set.
   *
   * A native function runs on the pinned thread of a CPU of the usable parallel mask, a module function in an isolate that is pinned to one;
   * doSerial follows by itself.
   */
  // biome-ignore lint/suspicious/noExplicitAny: a method's own type may be narrower, and bivariance is what embedding needs
  parallel: ((job: any) => void) | ParallelFunction<any, any>;
  /**
   * A closure is called on the submitting event loop, in the order of submission over the whole shell. What it throws
   * reaches `uncaughtException`; the jobs behind it are delivered all the same. It does not run in the asynchronous context
   * of the submitter (AsyncLocalStorage), unless parallel() is a module function: one turn of the event loop serves jobs of many.
   * Where that matters, use `run()`, or AsyncResource.bind().
   *
   * A native function runs on the pinned thread of the job's cb_cpu, in the order of submission for that CPU; a module function in an isolate
   * pinned to it, likewise, with a {@link SerialInput}. What that throws is told by the instance's event `'error'`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  serial: ((job: any) => void) | NativeFunction<any, any> | ModuleFunction<any, any>;
  /**
   * Input of a native or module function. Copied when the job is submitted; what happens to it afterwards does not matter. The exception is
   * memory from `allocate()`, where a function says so.
   */
  data?: unknown;
  /** For a module function: what to transfer, when to stop. */
  moduleOptions?: ModuleJobOptions | undefined;
  /** What a native or module function came to; set before serial() is called. */
  result?: unknown;
  /** Free for the user: the kernel's name for what a job came to. */
  info?: unknown;
  /** Set before serial() is called if parallel() failed, or else undefined. */
  error?: Error | undefined;
}
