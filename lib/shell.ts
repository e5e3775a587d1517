import type { TransformOptions as StreamOptions, Transform } from 'node:stream';
import { PadataError } from './errors.js';
import { asError } from './internal/as-error.js';
import { finishJobs } from './internal/finish-jobs.js';
import type { InstancePort } from './internal/instance-port.js';
import { mapJobs } from './internal/map.js';
import { checkUsable, type FunctionHandle, handleKey, type SerialHandle } from './internal/native-function.js';
import { type ModuleExtras, type RunFunction, RunJob } from './internal/run-job.js';
import { ShellPort } from './internal/shell-port.js';
import { JobTransform } from './internal/transform.js';
import { checkInteger, checkOptions, typeError } from './internal/validate.js';
import type { Job } from './job.js';
import { ModuleFunction } from './module/module-function.js';
import { type Caller, captureCaller, type ModuleJobOptions } from './module/module-job.js';
import { checkModuleOptions, checkNoModuleOptions, relevantOptions } from './module/options.js';
import { NativeFunction } from './native-function.js';
import type { Padata } from './padata.js';

/** The most that `maxPending` can be, and a CPU number. */
const MAX_COUNT = 2 ** 30;
/** A shell without a bound. An integer, because comparing those takes less; jobs are counted modulo 2^32 anyway. */
const UNBOUNDED = 2 ** 31 - 1;
const MAX_CPU = 2 ** 31 - 1;
/** How many jobs map() and transform() keep in flight if nothing else is said. */
const DEFAULT_WINDOW = 1024;
const FUNCTIONS = 'a function, a native function or a module function';

type Method = (...args: never[]) => unknown;

/** Options of `padata.createShell()`. */
export interface ShellOptions {
  /**
   * How many jobs may be pending at once, 1 to 2^30; beyond it `doParallel` throws EAGAIN and `run` rejects with it, while
   * `map` and `transform` wait. Default: no bound, the queue grows with what is submitted (about 100 bytes a job).
   */
  maxPending?: number;
}

/** Options of `shell.run()`. Those other than `cbCpu` and `signal` are for module functions alone. */
export interface RunOptions extends ModuleJobOptions {
  /** The preferred CPU for serial(), as in `doParallel`. Default: the shell's own. */
  cbCpu?: number;
  /**
   * Rejects with the signal's reason: at once if it was aborted before, else in the job's turn. A job that was accepted is not
   * interrupted, unless its function is a module function: then see {@link ModuleJobOptions}.
   */
  signal?: AbortSignal;
}

/** Options of `shell.map()`. */
export interface MapOptions extends Omit<RunOptions, 'transfer'> {
  /**
   * How many jobs of this map may be in flight, or wait for the consumer, at once: 1 to 2^30. Default 1024, or the
   * shell's `maxPending` if that is less. Too small a window leaves CPUs idle; too large a one costs memory.
   */
  maxPending?: number;
}

/** Options of `shell.transform()`: those of node:stream's Transform (objectMode is true by default), and these. */
export interface JobTransformOptions extends Omit<StreamOptions, 'transform' | 'flush' | 'read' | 'write' | 'final'> {
  /** For a module function: see {@link ModuleJobOptions}. */
  timeLimitMs?: number;
  /** The preferred CPU for serial(), as in `doParallel`. Default: the shell's own. */
  cbCpu?: number;
  /** How many chunks may be in flight at once: 1 to 2^30. Default 1024, or the shell's `maxPending` if that is less. */
  maxPending?: number;
}

/**
 * One ordered series of jobs (padata_shell). Made by `padata.createShell()`.
 *
 * Whatever the CPUs, their speed, and changes of the cpumasks: serial() functions of a shell are called in the order in
 * which its jobs were submitted. Shells are independent of each other.
 *
 * Everything here is called on the event loop that made the instance, and does not block.
 */
export class Shell {
  /** The instance that this shell belongs to. */
  readonly instance: Padata;
  readonly #owner: InstancePort;
  readonly #port: ShellPort;
  readonly #position: number;
  readonly #maxPending: number;
  /** Where its jobs are serialized if nothing else is said: by `#position`, as long as the usable masks are the same. */
  #cpu = 0;
  #cpuGeneration = -1;
  readonly #onFree: (shell: Shell) => void;

  /** @internal Use `padata.createShell()`. */
  constructor(
    instance: Padata,
    owner: InstancePort,
    position: number,
    options: ShellOptions | undefined,
    onFree: (shell: Shell) => void,
  ) {
    checkOptions('options', options);
    if (options?.maxPending !== undefined) checkInteger('options.maxPending', options.maxPending, 1, MAX_COUNT);
    this.instance = instance;
    this.#owner = owner;
    this.#position = position;
    this.#maxPending = options?.maxPending ?? UNBOUNDED;
    this.#onFree = onFree;
    this.#port = new ShellPort(owner);
  }

  /** How many jobs were accepted and have not been serialized. */
  get pending(): number {
    return this.#port.pending;
  }

  /**
   * Submits a job: `padata_do_parallel()`. Returns the CPU on which serial() is to run, the job's cb_cpu.
   *
   * A preferred `cbCpu` outside the usable serial mask is replaced by the CPU at index `cbCpu % weight` of that mask; omitted, it
   * is the shell's own: shells take turns over the usable serial mask as they are created. For a native serial() the call
   * happens on that CPU's pinned thread. **A closure serial() runs on the event loop whatever its cbCpu is**; to have both on one
   * CPU, pin the event loop itself, for example with `taskset -pc 3 PID`.
   *
   * The same object may be submitted again when its serial() was called. With a native parallel() it may even be in flight
   * more than once: its data is copied each time.
   *
   * @param job   see {@link Job}
   * @param cbCpu a CPU number, 0 to 2^31 - 1
   * @throws PadataError EINVAL  the instance is stopped, freed or invalid (remedy: `start()`, a mask with a usable CPU), or a
   *                             function was freed or is of the wrong kind
   * @throws PadataError EBUSY   the masks are being changed right now (remedy: again), or the job is outstanding
   * @throws PadataError EAGAIN  `maxPending` jobs are pending (remedy: wait for some, see `drain()`)
   * @throws PadataError ENOMEM  no memory
   * @throws TypeError, RangeError a member of the job, its data, or cbCpu is wrong. Nothing was queued
   */
  doParallel(job: Job, cbCpu?: number): number {
    if (typeof job !== 'object' || job === null) throw typeError('job', 'an object', job);
    const { parallel, serial: serialFunction, data } = job; // all that may be getters, before anything is looked at
    const owner = this.#owner;
    if (this.#port.isFreed) throw new PadataError('EINVAL', 'doParallel', 'the shell was freed');
    owner.checkAccepting();
    let cpu: number;
    if (cbCpu === undefined) {
      cpu = owner.maskGeneration === this.#cpuGeneration ? this.#cpu : this.#lookUpCpu();
    } else {
      checkInteger('cbCpu', cbCpu, 0, MAX_CPU);
      cpu = owner.cbCpu(cbCpu);
    }
    const serial = serialHandle(serialFunction, owner);
    if (this.#port.pending >= this.#maxPending) throw this.#tooMany();
    const handle = (parallel as NativeFunction<never> | undefined)?.[handleKey];
    if (handle !== undefined) {
      if (handle.isFreed || handle.isRange || serial !== undefined) checkCombination(handle, serial);
      this.#port.submitNative(job, data, handle, serial, cpu);
    } else if (parallel instanceof ModuleFunction) {
      this.#port.submitModule(job, data, parallel, serial, cpu, owner.isolates, callerOf(job));
    } else {
      if (typeof parallel !== 'function') throw typeError('job.parallel', FUNCTIONS, parallel);
      this.#port.submitClosure(job, serial, cpu);
    }
    this.#port.tellSubmitted(job, cpu);
    return cpu;
  }

  /**
   * Says that a job is complete whose parallel() is a closure: `padata_do_serial()`. Its serial() is called when all jobs
   * that were submitted before have had their turn. Set `job.result` or `job.error` before; they are the job's own.
   *
   * @throws PadataError EINVAL the job is not outstanding in this shell: it was never submitted, or this is the second call.
   *                            Nothing is changed
   * @throws TypeError   not an object
   */
  doSerial(job: Job): void {
    if (typeof job !== 'object' || job === null) throw typeError('job', 'an object', job);
    this.#port.closures.complete(job);
  }

  /**
   * Submits one job for `fn(input)` and promises what it comes to. Promises of one shell settle in the order of
   * submission.
   *
   * @param fn    a native or module function, or a closure that returns the output or a promise of it
   * @param input what the function takes; what a native or module function takes is copied at once
   * @throws (as a rejection) what `doParallel` throws, before anything is queued; in the job's turn, what the function
   *         failed with: a PadataError with the errno that a native function ended with, or what a closure threw
   */
  run<I, O>(fn: RunFunction<I, O>, input: I, options?: RunOptions): Promise<O> {
    return new Promise((resolve, reject) => {
      checkFunction(fn);
      checkRunOptions(options, fn);
      const extras = extrasFor(fn, options, this.run);
      const signal = options?.signal;
      if (signal?.aborted) throw asError(signal.reason, 'aborted with');
      const receiver = {
        fulfilled: (output: O) => (signal?.aborted ? reject(asError(signal.reason, 'aborted with')) : resolve(output)),
        rejected: (error: Error) => reject(signal?.aborted ? asError(signal.reason, 'aborted with') : error),
      };
      this.doParallel(new RunJob(fn, input, receiver, this.#complete, extras), options?.cbCpu);
    });
  }

  /**
   * Runs `fn` over everything that `source` gives, as jobs of this shell, and gives the outputs in the order of the inputs.
   * The source is read only as fast as jobs and consumer go, see `maxPending`.
   *
   * At the first error, of a job, of the source, or of an input, the iterator gives all outputs before it, then throws it and
   * ends; jobs in flight are completed, but their outputs are dropped. Leaving the loop early does the same without an error.
   */
  map<I, O>(
    source: Iterable<I> | AsyncIterable<I>,
    fn: RunFunction<I, O>,
    options?: MapOptions,
  ): AsyncIterableIterator<O> {
    if (!isIterable(source)) throw typeError('source', 'an iterable or async iterable', source);
    checkFunction(fn);
    checkRunOptions(options, fn);
    const extras = extrasFor(fn, options, this.map);
    return mapJobs(this, source, fn, options ?? {}, this.#window(options?.maxPending), extras);
  }

  /**
   * A stream whose chunks are jobs of this shell: ordered, with backpressure on both sides. By default in object mode, so that
   * chunks stay what they are. A job that fails destroys the stream with its error.
   */
  transform<I, O>(fn: RunFunction<I, O>, options?: JobTransformOptions): Transform {
    checkFunction(fn);
    checkOptions('options', options);
    const { cbCpu, maxPending, timeLimitMs, ...rest } = options ?? {};
    const runOptions = { ...(cbCpu !== undefined && { cbCpu }), ...(timeLimitMs !== undefined && { timeLimitMs }) };
    checkRunOptions(runOptions, fn);
    const extras = extrasFor(fn, runOptions, this.transform);
    return new JobTransform(this, fn, cbCpu, this.#window(maxPending), rest, extras);
  }

  /** Resolves when everything that was submitted before this call has been serialized. */
  drain(): Promise<void> {
    return this.#port.reached(this.#port.submitted);
  }

  /**
   * Frees the shell: `padata_free_shell()`. What the kernel leaves to its caller is checked here.
   *
   * @throws PadataError EBUSY jobs are pending (remedy: `await shell.drain()`)
   */
  free(): void {
    if (this.#port.isFreed) return;
    if (this.pending !== 0) {
      throw new PadataError(
        'EBUSY',
        'padata_free_shell',
        `${this.pending} jobs are pending; await shell.drain() first`,
      );
    }
    this.#port.free();
    this.#onFree(this);
  }

  /** Waits for the pending jobs, then frees the shell: `await using shell = padata.createShell()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
    this.free();
  }

  /** Whether `maxPending` jobs are pending, so that `doParallel` would throw EAGAIN. */
  get isFull(): boolean {
    return this.#port.pending >= this.#maxPending;
  }

  /** @internal Whether doSerial is awaited of the job. */
  isOutstanding(job: Job): boolean {
    return this.#port.closures.has(job);
  }

  /** @internal Blocks until all jobs have been serialized. */
  finish(syscall: string, patienceMs: number): void {
    finishJobs(this.#port, this.#owner, syscall, patienceMs);
  }

  /**
   * Resolves when there is room for one more job: at once while fewer than `maxPending` are pending, else as soon as one has been
   * serialized. What `'drain'` is to a stream: `if (shell.isFull) await shell.room()` before `doParallel`.
   */
  room(): Promise<void> {
    return this.isFull ? this.#port.reached((this.#port.delivered + 1) | 0) : Promise.resolve();
  }

  #lookUpCpu(): number {
    const generation = this.#owner.maskGeneration;
    this.#cpu = this.#owner.cbCpuAt(this.#position);
    this.#cpuGeneration = generation;
    return this.#cpu;
  }

  readonly #complete = (job: Job): void => this.doSerial(job);

  #window(maxPending: number | undefined): number {
    if (maxPending !== undefined) checkInteger('options.maxPending', maxPending, 1, MAX_COUNT);
    return Math.min(maxPending ?? DEFAULT_WINDOW, this.#maxPending);
  }

  #tooMany(): PadataError {
    const detail = `${this.pending} jobs are pending, and maxPending is ${this.#maxPending}`;
    return new PadataError('EAGAIN', 'doParallel', detail);
  }
}

/** What is not a closure. */
function serialHandle(serial: unknown, owner: InstancePort): SerialHandle | undefined {
  if (typeof serial === 'function') return undefined;
  if (serial instanceof ModuleFunction) return owner.isolates.serialOf(serial);
  if (serial instanceof NativeFunction) {
    checkUsable(serial[handleKey]);
    return serial[handleKey];
  }
  throw typeError('job.serial', FUNCTIONS, serial);
}

function checkCombination(parallel: FunctionHandle, serial: SerialHandle | undefined): void {
  checkUsable(parallel);
  if (serial !== undefined && parallel.codec.settle !== undefined) {
    const detail = `${parallel.name} does part of its work in order on the event loop: give it a closure serial()`;
    throw new PadataError('EINVAL', 'doParallel', detail);
  }
}

function checkFunction(fn: unknown): void {
  if (typeof fn === 'function' || fn instanceof NativeFunction || fn instanceof ModuleFunction) return;
  throw typeError('fn', FUNCTIONS, fn);
}

function checkRunOptions(options: RunOptions | undefined, fn: unknown): void {
  checkOptions('options', options);
  if (options === undefined) return;
  if (options.cbCpu !== undefined) checkInteger('options.cbCpu', options.cbCpu, 0, MAX_CPU);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw typeError('options.signal', 'an AbortSignal', options.signal);
  }
  if (fn instanceof ModuleFunction) checkModuleOptions('options', options);
  else checkNoModuleOptions('options', options);
}

/** What a job with a module function has besides; undefined for others. */
function extrasFor(fn: unknown, options: RunOptions | undefined, from: Method): ModuleExtras | undefined {
  if (!(fn instanceof ModuleFunction)) return undefined;
  return { options: relevantOptions(options), caller: captureCaller(from) };
}

/** Who has submitted a job: for its error, should it come to one. Only run(), map() and transform() say so: it costs more than most jobs. */
function callerOf(job: Job): Caller | undefined {
  if (job instanceof RunJob) return job.extras?.caller;
  if (job.moduleOptions !== undefined) checkModuleOptions('job.moduleOptions', job.moduleOptions);
  return undefined;
}

function isIterable(value: unknown): boolean {
  if (typeof value === 'string') return true;
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
