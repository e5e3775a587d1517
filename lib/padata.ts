import { EventEmitter } from 'node:events';
import { attachControl, type Control, checkControl } from './control/attach.js';
import { type CpuMask, type CpuMaskLike, toCpuMask, wordsOf } from './cpumask.js';
import { cpus } from './cpus.js';
import { PadataError } from './errors.js';
import { asError } from './internal/as-error.js';
import { type Cpumasks, type CpuStats, InstancePort, type StrictRules } from './internal/instance-port.js';
import { type CheckedJob, type CheckedModuleJob, checkMtJob } from './internal/mt-check.js';
import { AsyncMtJob, runMtSync } from './internal/mt-job.js';
import { checkInteger, checkName, checkOptions, rangeError, typeError } from './internal/validate.js';
import type { IsolateOptions, IsolateStats } from './module/isolate.js';
import { IsolatePool, type PoolOwner } from './module/isolate-pool.js';
import { ModuleFunction } from './module/module-function.js';
import { checkIsolateOptions } from './module/options.js';
import { RangeJob } from './module/range-job.js';
import type { MultithreadedJob } from './multithreaded.js';
import { Shell, type ShellOptions } from './shell.js';

export type { Cpumasks, CpuStats } from './internal/instance-port.js';

/** How long to wait for what a thread may give back to an instance that is invalid and being closed, in milliseconds. */
const CANCEL_AGAIN_MS = 5;
const DEFAULT_CPU_CHECK_MS = 1000;
const LEAST_CPU_CHECK_MS = 10;
const MOST_CPU_CHECK_MS = 3_600_000;

/** Options of `new Padata()`. */
export interface PadataOptions {
  /** The user-supplied parallel cpumask. Default: all possible CPUs. */
  parallel?: CpuMaskLike;
  /** The user-supplied serial cpumask. Default: all possible CPUs. */
  serial?: CpuMaskLike;
  /**
   * How many milliseconds may pass until a change of what is online or allowed is noticed that the kernel sends no event for: a
   * cpuset, or CPU hotplug in a container with a network namespace of its own. 10 to 3,600,000; default 1000. The smallest
   * one of all instances of the process counts. CPU hotplug elsewhere is noticed within milliseconds.
   */
  cpuCheckMs?: number;
  /**
   * Control files, the counterpart of `/sys/kernel/pcrypt/<name>/`: `parallel_cpumask` and `serial_cpumask` show the user-supplied masks
   * as bitmaps, and whatever else is written to them is set, by the rules of the kernel's own files. Text that those refuse
   * changes nothing: the file shows the mask again, `last_error` says what was wrong, and so does the event `'error'`, if anybody listens.
   *
   * `true`: in `$XDG_RUNTIME_DIR/padata/<pid>/<name>/`; without that in `/run/padata/…` (root), or `/run/padata-<uid>/…`
   * or the temporary directory's `padata-<uid>/…`, whichever can be made. A path: in `<path>/<name>/`, on a local file system; two
   * instances that live cannot have the same name there. All with mode 0700; removed by `free`, `close` and at the end of the process; what
   * a killed process left is removed when the next one comes. Default: false, none.
   *
   * The event loop reads them, some milliseconds after a write; one that is busy reads later. They do not keep the process alive.
   */
  control?: boolean | string;
  /** The isolates that run module functions: limits, environment, how long they are kept. */
  isolates?: IsolateOptions;
  /** @internal For `padata/kernel`. */
  strict?: StrictRules;
}

/** What `padata.stats()` tells. */
export interface InstanceStats {
  name: string;
  state: 'running' | 'stopped' | 'invalid';
  /** Jobs that were accepted and have not been serialized, over all shells. */
  pending: number;
  /** How many shells there are. */
  shells: number;
  /** Each CPU that is usable, has run jobs of this instance, or has lost a pin; in ascending order. Empty once freed. */
  cpus: CpuStats[];
  /** The isolates that run module functions at present, in ascending order of their CPUs. */
  isolates: IsolateStats[];
}

/** The events of an instance and what their listeners are given. */
export interface PadataEvents {
  /** The usable cpumasks have changed: by `setCpumask`, by CPU hotplug, or because this process may use other CPUs now. */
  cpumask: [change: { before: Cpumasks; after: Cpumasks }];
  /** One of the usable cpumasks is empty now: jobs are refused until a CPU of it comes, or `setCpumask` changes it. */
  invalid: [];
  /**
   * A write to a control file was refused (`error.code` says why: EINVAL, EOVERFLOW, EAGAIN), or the files cannot be read or
   * written. Without a listener it is not emitted: nothing is thrown. See {@link PadataOptions.control}.
   *
   * Or an isolate has thrown what no job can be blamed for: in a timer that a job had left, or in a serial(). Without a listener it becomes a warning of
   * the process.
   */
  error: [error: Error];
}

/**
 * An instance (padata_instance): a name, a pair of cpumasks, and shells. `new Padata(name)` is `padata_alloc(name)`.
 *
 * parallel() functions run on the CPUs of the usable parallel mask, serial() functions on those of the usable serial mask.
 * Usable is what is user-supplied, online, and allowed to this process. It follows the machine: when CPUs go offline or come online,
 * or a cpuset changes, jobs go to the CPUs that are usable then, in the same order. Threads are pinned, one for each CPU, and
 * shared by all instances of the process; they come when they are needed, a pin that the kernel drops is restored, and idle
 * ones do not keep the process alive.
 *
 * Everything here is called on one event loop, the one that made the instance; other environments (Workers) make their own
 * instances. Nothing blocks, except `setCpumask` for the moment that threads need to notice, and `doMultithreadedSync`.
 */
export class Padata extends EventEmitter<PadataEvents> {
  /** The instance's name; it need not be unique. */
  readonly name: string;
  readonly #port: InstancePort;
  readonly #shells = new Set<Shell>();
  readonly #control: Control | undefined;
  #cpumask: Cpumasks;
  readonly #mtJobs = new Set<AsyncMtJob | RangeJob>();
  #syncMtJobs = 0;
  #shellsCreated = 0;
  #closing: Promise<void> | undefined;

  /**
   * @param name identifies the instance; not empty; with control files it must do as the name of a directory
   * @throws PadataError EEXIST an instance that lives has control files of this name (remedy: another name)
   * @throws PadataError EACCES, EPERM and other errors of the file system: no control files can be made
   * @throws PadataError EAGAIN no thread could be started (remedy: `ulimit -u`, the cgroup's pids.max)
   * @throws TypeError, RangeError for wrong arguments; PadataError EINVAL for a text that is no mask
   */
  constructor(name: string, options?: PadataOptions) {
    super();
    checkName('name', name);
    checkOptions('options', options);
    const control = options?.control;
    checkControl(name, control);
    this.name = name;
    this.#cpumask = Object.freeze({
      parallel: maskOption('options.parallel', options?.parallel),
      serial: maskOption('options.serial', options?.serial),
    });
    const checkMs = options?.cpuCheckMs ?? DEFAULT_CPU_CHECK_MS;
    checkInteger('options.cpuCheckMs', checkMs, LEAST_CPU_CHECK_MS, MOST_CPU_CHECK_MS);
    checkIsolateOptions('options.isolates', options?.isolates);
    const isolates = { ...options?.isolates };
    const makeIsolates = () => new IsolatePool(this.#port.handle, this.#poolOwner(), isolates);
    const onChange = () => this.#tellChange();
    this.#port = new InstancePort(name, this.#cpumask, checkMs, onChange, makeIsolates, options?.strict);
    if (control) this.#control = attachControl(this, control, () => this.#port.close());
  }

  /** The directory of the control files; undefined without the option `control`. */
  get controlDirectory(): string | undefined {
    return this.#control?.directory;
  }

  /**
   * `'running'`: jobs are accepted. `'stopped'`: by `stop()`, or freed. `'invalid'`: one of the masks has no usable CPU; it runs
   * again by itself when a CPU of the mask comes online or is allowed again, or when `setCpumask` sets another mask.
   */
  get state(): 'running' | 'stopped' | 'invalid' {
    if (this.#port.isStopped) return 'stopped';
    return this.#port.isInvalid ? 'invalid' : 'running';
  }

  /** The user-supplied cpumasks. */
  get cpumask(): Cpumasks {
    return this.#cpumask;
  }

  /** The usable cpumasks: what is user-supplied, online, and allowed to this process. */
  get usable(): Cpumasks {
    return this.#port.usable;
  }

  /**
   * Changes a user-supplied cpumask while jobs run: `padata_set_cpumask()`. When it has returned, no parallel() begins on
   * a CPU outside the new usable mask; the order of jobs is kept over the change. Expensive, as in the kernel: some
   * system calls and an interruption of all CPUs that run this process.
   *
   * Both usable masks are worked out anew, from the CPUs that are online and allowed now. A mask without usable CPUs is
   * accepted, and makes the instance invalid: jobs that were accepted then wait until there are some.
   *
   * @param type which of the two
   * @param mask CPUs that are not possible, online or allowed may be in it
   * @throws PadataError EAGAIN no thread could be started; the masks are unchanged
   * @throws PadataError EINVAL the instance was freed, or the text is no mask
   */
  setCpumask(type: 'parallel' | 'serial', mask: CpuMaskLike): void {
    if (type !== 'parallel' && type !== 'serial') throw rangeError('type', "'parallel' or 'serial'", type);
    const wanted = toCpuMask(mask, 'mask');
    this.#checkNotFreed('padata_set_cpumask');
    this.#control?.check(); // what was written before this call must not come after it
    const errno = this.#port.handle.setCpumask(type === 'parallel', wordsOf(wanted));
    if (errno !== 0) throw PadataError.fromErrno(errno, 'padata_set_cpumask', 'no thread could be started');
    this.#cpumask = Object.freeze({ ...this.#cpumask, [type]: wanted });
    this.#control?.show(type);
    this.#port.masksChanged();
  }

  /** Jobs are accepted again: `padata_start()`. @throws PadataError EINVAL the instance was freed, or is being closed */
  start(): void {
    this.#checkOpen('padata_start');
    this.#port.handle.setRunning(true);
  }

  /** `doParallel` is refused with EINVAL from now on: `padata_stop()`. Jobs that were accepted are completed. */
  stop(): void {
    if (!this.#port.isFreed) this.#port.handle.setRunning(false);
  }

  /**
   * Makes a shell: `padata_alloc_shell()`.
   *
   * @throws PadataError EINVAL the instance was freed, or is being closed
   */
  createShell(options?: ShellOptions): Shell {
    this.#checkOpen('padata_alloc_shell');
    const shell = new Shell(this, this.#port, this.#shellsCreated, options, (freed) => this.#shells.delete(freed));
    this.#shellsCreated++;
    this.#shells.add(shell);
    return shell;
  }

  /**
   * Calls a module function once in the isolate of each CPU of the usable parallel mask, whatever jobs are there; isolates that are not running are
   * started. For what each isolate has to be told: tables, levels of logging.
   *
   * @returns the outputs, in ascending order of CPUs, when all are through
   * @throws (as a rejection) the first error; EINVAL: the instance was freed, or is being closed
   */
  async broadcast<I, O>(fn: ModuleFunction<I, O>, input: I): Promise<O[]> {
    this.#checkOpen('broadcast');
    if (!(fn instanceof ModuleFunction)) throw typeError('fn', 'a module function', fn);
    return (await this.#port.isolates.broadcast(fn, input)) as O[];
  }

  /**
   * Runs a multithreaded job: its range is split into chunks, and threads of the CPUs in the usable parallel mask take chunk after chunk
   * until none is left. Resolves when all is done; the event loop is free meanwhile. This is `padata_do_multithreaded()`, except that
   * nobody waits for it. (padata document, "Running Multithreaded Jobs")
   *
   * Several jobs, of this and of other instances, and jobs of shells share the CPUs in turn. Threads whose CPU leaves the mask stop at the
   * next chunk, those of CPUs that come join. On an instance that becomes invalid meanwhile the job waits for CPUs.
   *
   * @throws (as a rejection) TypeError, RangeError a member of the job is wrong; nothing has run
   * @throws (as a rejection) PadataError EINVAL the instance is stopped, invalid or freed; or the function is no thread function
   * @throws (as a rejection) PadataError with the errno that a chunk failed with, and the function's name as `syscall`: no further chunk
   *         was begun, those that ran have ended. If several failed, an AggregateError of theirs, in the order in which they came
   * @throws (as a rejection) the reason of `job.signal`, likewise; what `job.onProgress` threw
   * @throws (as a rejection) PadataError ECANCELED the instance was closed while it was invalid
   */
  doMultithreaded<A>(job: MultithreadedJob<A>): Promise<void> {
    return new Promise((resolve, reject) => {
      const checked = this.#checkMtJob(job, false);
      if (checked.size === 0) return resolve();
      const onEnd = () => this.#mtJobs.delete(running);
      const running =
        'module' in checked
          ? new RangeJob(this.#port, checked.module, checked.arg, checked, onEnd)
          : new AsyncMtJob(this.#port.handle, checked, onEnd);
      this.#mtJobs.add(running);
      running.outcome.then(resolve, reject);
    });
  }

  /**
   * The same, and the calling thread takes part and waits until the job is done, as in the kernel: `padata_do_multithreaded()`. It is one of the
   * job's threads and runs wherever the scheduler has it; helpers come on other CPUs of the usable parallel mask. The event loop
   * stands still meanwhile. Quicker to begin and to end than `doMultithreaded`, so right for jobs of a few milliseconds at most, in a Worker
   * for any.
   *
   * @throws what `doMultithreaded` rejects with
   */
  doMultithreadedSync<A>(job: MultithreadedJob<A>): void {
    const checked = this.#checkMtJob(job, true);
    if (checked.size === 0) return;
    this.#syncMtJobs++;
    try {
      runMtSync(this.#port.handle, checked as CheckedJob); // a module function was refused
    } finally {
      this.#syncMtJobs--;
    }
  }

  /** Figures of this instance. */
  stats(): InstanceStats {
    return {
      name: this.name,
      state: this.state,
      pending: [...this.#shells].reduce((sum, shell) => sum + shell.pending, 0),
      shells: this.#shells.size,
      cpus: this.#port.statsOfCpus(),
      isolates: this.#port.isolatesIfAny?.stats() ?? [],
    };
  }

  /**
   * Frees the instance: `padata_free()`. What the kernel leaves to its caller is checked here.
   *
   * @throws PadataError EBUSY there are shells (remedy: `shell.free()` for each, or `close()`), or a multithreaded job is not done
   */
  free(): void {
    if (this.#port.isFreed) return;
    if (this.#mtJobs.size + this.#syncMtJobs !== 0) {
      throw new PadataError('EBUSY', 'padata_free', 'a multithreaded job is not done; wait for it, or close()');
    }
    if (this.#shells.size !== 0) {
      throw new PadataError('EBUSY', 'padata_free', `${this.#shells.size} shells are not freed; free them, or close()`);
    }
    this.#control?.close();
    this.#port.close();
  }

  /**
   * Stops, waits for the jobs that are outstanding, multithreaded ones included, frees the shells and then the instance. On an invalid
   * instance jobs that no thread has begun, and chunks, are given up with the error ECANCELED, since no CPU can run them.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `await using padata = new Padata(name)`: see `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#port.isFreed) return;
    this.stop();
    this.#cancelIfStranded();
    await Promise.all([...this.#shells].map((shell) => shell.drain()));
    await Promise.allSettled([...this.#mtJobs].map(({ outcome }) => outcome));
    for (const shell of this.#shells) shell.free();
    this.free();
    await this.#port.isolatesIfAny?.ended;
  }

  /**
   * No CPU can run what waits, so it is completed with ECANCELED. A thread may still give back what it had claimed before the
   * mask was changed: therefore again, until nothing is pending.
   */
  #cancelIfStranded(): void {
    if (this.#port.isFreed || !this.#port.isInvalid) return;
    this.#port.handle.cancelBacklog();
    for (const job of this.#mtJobs) job.stop();
    if (this.#isPending()) setTimeout(() => this.#cancelIfStranded(), CANCEL_AGAIN_MS).unref();
  }

  #poolOwner(): PoolOwner {
    const port = () => this.#port;
    return {
      name: this.name,
      get usable() {
        return port().usable;
      },
      onStray: (error) => this.#onStray(error),
    };
  }

  /** Not an exception: nobody has called anything that could throw it. */
  #onStray(error: Error): void {
    if (this.listenerCount('error') !== 0) this.emit('error', error);
    else process.emitWarning(error);
  }

  #isPending(): boolean {
    return [...this.#shells].some((shell) => shell.pending !== 0);
  }

  #checkMtJob(job: MultithreadedJob, isSync: boolean): CheckedJob | CheckedModuleJob {
    const checked = checkMtJob(job, isSync, this.#port.usable.parallel.weight);
    this.#checkOpen('padata_do_multithreaded');
    this.#port.checkAccepting('padata_do_multithreaded');
    if (checked.signal?.aborted) throw asError(checked.signal.reason, 'aborted with');
    return checked;
  }

  #checkOpen(syscall: string): void {
    this.#checkNotFreed(syscall);
    if (this.#closing !== undefined) throw new PadataError('EINVAL', syscall, `instance ${this.name} is being closed`);
  }

  #checkNotFreed(syscall: string): void {
    if (this.#port.isFreed) throw new PadataError('EINVAL', syscall, `instance ${this.name} was freed`);
  }

  #tellChange(): void {
    const change = this.#port.takeChange();
    if (change === undefined) return;
    if (this.#closing !== undefined) this.#cancelIfStranded();
    process.nextTick(() => {
      this.emit('cpumask', change);
      if (isInvalid(change.after) && !isInvalid(change.before)) this.emit('invalid');
    });
  }
}

function isInvalid({ parallel, serial }: Cpumasks): boolean {
  return parallel.isEmpty() || serial.isEmpty();
}

function maskOption(name: string, mask: CpuMaskLike | undefined): CpuMask {
  return mask === undefined ? cpus.possible() : toCpuMask(mask, name);
}
