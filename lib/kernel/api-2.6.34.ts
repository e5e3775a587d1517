/** The functions of `padata/kernel/2.6.34`; see there. */
import { type CpuMask, type CpuMaskLike, toCpuMask } from '../cpumask.js';
import { typeError } from '../internal/validate.js';
import type { Job } from '../job.js';
import { Padata } from '../padata.js';
import type { Shell } from '../shell.js';
import { complete, submit } from './outstanding.js';
import { EINPROGRESS, EINVAL, orNull, refused, statusOf } from './refusal.js';
import { checkWorkqueue, type Workqueue } from './workqueue.js';

/** How long nothing may move before `padata_free` gives up, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Keeps the constructor to this file, also in JavaScript. */
const KEY = Symbol('padata_instance');

/** What carries the threads; see {@link Workqueue}. */
export type workqueue_struct = Workqueue;
/** A task: any object with `parallel` and `serial`, see {@link Job}. */
export type padata_priv = Job;
/** An instance, made by `padata_alloc`. */
export type padata_instance = Instance;

/** An instance of 2.6.34: one CPU mask, one series of tasks. */
class Instance {
  readonly #padata: Padata;
  readonly #workqueue: Workqueue;
  readonly #shell: Shell;
  #isFreed = false;

  /** @internal */
  constructor(cpumask: CpuMask, workqueue: Workqueue, key: symbol) {
    if (key !== KEY) throw new TypeError('An instance cannot be made with new. Use padata_alloc');
    const strict = { isBusyWhileFollowing: true, refusesCbCpu: true };
    const options = { parallel: cpumask, serial: cpumask, strict };
    this.#padata = workqueue.enter(() => new Padata(workqueue.name, options));
    this.#padata.stop();
    this.#shell = this.#padata.createShell();
    this.#workqueue = workqueue;
  }

  /** The CPU mask that was supplied. */
  get cpumask(): CpuMask {
    return this.#padata.cpumask.parallel;
  }

  /** The CPUs of the mask that are online, and allowed to this process. */
  get usable(): CpuMask {
    return this.#padata.usable.parallel;
  }

  /** Whether `padata_start` was called, and `padata_stop` not since. */
  get isStarted(): boolean {
    return this.#padata.state !== 'stopped';
  }

  /** How many tasks were accepted, and have not been through serial(). */
  get pending(): number {
    return this.#shell.pending;
  }

  /** @internal */
  setStarted(isStarted: boolean): void {
    isStarted ? this.#padata.start() : this.#padata.stop();
  }

  /** @internal */
  setCpumask(mask: CpuMask): void {
    this.#padata.setCpumask('parallel', mask);
    this.#padata.setCpumask('serial', mask); // the CPUs that have to have a thread are the same as before: this cannot fail
  }

  /** @internal */
  submit(task: Job, cbCpu: number): number {
    return submit(this.#shell, task, cbCpu);
  }

  /** @internal */
  free(patienceMs: number): void {
    if (this.#isFreed) return;
    const wasStarted = this.isStarted;
    this.#padata.stop();
    try {
      this.#shell.finish('padata_free', patienceMs);
    } catch (error) {
      if (wasStarted) this.#padata.start();
      throw error;
    }
    this.#isFreed = true;
    this.#shell.free();
    this.#padata.free();
    this.#workqueue.leave();
  }
}

/**
 * Makes an instance, which does nothing before `padata_start`. (2.6.34, paragraphs 2 and 3)
 *
 * @param cpumask the CPUs on which tasks run, and which may be a cb_cpu: as {@link CpuMask.from} takes it. CPUs that are offline may be in it
 * @param wq      the workqueue that the work is done on, see `alloc_workqueue`
 * @returns null: the mask is none, the workqueue is none or was destroyed, or no thread could be started
 */
export function padata_alloc(cpumask: CpuMaskLike, wq: workqueue_struct): padata_instance | null {
  return orNull(() => new Instance(toCpuMask(cpumask, 'cpumask'), checkWorkqueue(wq), KEY));
}

/** Sets the flag that `padata_start` was called; nothing else. (2.6.34, paragraph 5) @returns 0; -EINVAL: freed. (void in the kernel) */
export function padata_start(pinst: padata_instance): number {
  return statusOf(() => checkInstance(pinst).setStarted(true));
}

/** Clears that flag; tasks that were accepted are completed. (2.6.34, paragraph 5) @returns 0; -EINVAL: no instance. (void in the kernel) */
export function padata_stop(pinst: padata_instance): number {
  return statusOf(() => checkInstance(pinst).setStarted(false));
}

/**
 * Changes the CPU mask while tasks run, or before the start. When it has returned, no parallel() begins on a CPU outside. Expensive: not
 * for every task. (2.6.34, paragraphs 6 and 7)
 *
 * @param cpumask CPUs that are offline may be in it: they are used when they come online
 * @returns 0; -EINVAL: the instance was freed, or the mask is none; -EAGAIN: no thread could be started, and the mask is unchanged
 */
export function padata_set_cpumask(pinst: padata_instance, cpumask: CpuMaskLike): number {
  return statusOf(() => checkInstance(pinst).setCpumask(toCpuMask(cpumask, 'cpumask')));
}

/**
 * Adds one CPU to the mask. (2.6.34, paragraph 6)
 *
 * @param cpu 0 to 65535; it may be offline, or in the mask already
 * @returns as `padata_set_cpumask`
 */
export function padata_add_cpu(pinst: padata_instance, cpu: number): number {
  return statusOf(() => checkInstance(pinst).setCpumask(pinst.cpumask.or([cpu])));
}

/**
 * Takes one CPU out of the mask. (2.6.34, paragraph 6)
 *
 * @param cpu 0 to 65535; it need not be in the mask
 * @returns as `padata_set_cpumask`
 */
export function padata_remove_cpu(pinst: padata_instance, cpu: number): number {
  return statusOf(() => checkInstance(pinst).setCpumask(pinst.cpumask.andNot([cpu])));
}

/**
 * Submits a task. Its parallel() is called once, its serial() once after `padata_do_serial`, in the order of submission over the instance.
 * Returns before either is called. (2.6.34, paragraphs 10 and 11)
 *
 * A native parallel() runs on the pinned thread of one CPU, a module function in an isolate that is pinned to one, a closure on the event loop
 * that submits; a native serial(), or one that is a module function, runs on cb_cpu, **a closure on the event loop, whatever cb_cpu is**.
 *
 * @param cb_cpu the CPU for serial(); it must be in the mask, and usable
 * @returns -EINPROGRESS: all is well;
 *          0: an error, `padata_start` was forgotten, or the instance was freed;
 *          -EBUSY: the mask is being changed right now (remedy: again), or the task is outstanding;
 *          -EINVAL: cb_cpu is not in the mask, or not usable; or a member of the task is wrong;
 *          -EAGAIN: no thread could be started for a native serial(); -ENOMEM: no memory
 */
export function padata_do_parallel(pinst: padata_instance, padata: padata_priv, cb_cpu: number): number {
  if (!(pinst instanceof Instance)) return refused(-EINVAL, typeError('pinst', 'an instance', pinst).message);
  if (typeof cb_cpu !== 'number') return refused(-EINVAL, typeError('cb_cpu', 'a CPU number', cb_cpu).message);
  if (!pinst.isStarted) return refused(0, 'padata_do_parallel: the instance was not started');
  const cpu = pinst.submit(padata, cb_cpu);
  return cpu < 0 ? cpu : -EINPROGRESS;
}

/**
 * Says that a task is complete whose parallel() is a closure; for a native one it follows by itself. Its serial() is called in its turn.
 * (2.6.34, paragraphs 13 and 14)
 *
 * @returns 0; -EINVAL: the task is not outstanding, for it was never submitted, or this is the second call. Nothing is changed. (void in
 *          the kernel, where this is undefined)
 */
export function padata_do_serial(padata: padata_priv): number {
  return complete(padata);
}

/**
 * Waits until the remaining tasks are done, then frees the instance. (2.6.34, paragraphs 15 and 16) The event loop stands still
 * meanwhile, so serial() functions that are closures are called from here, in their turn; no CPU is kept busy. The workqueue stays.
 *
 * Where it cannot end while the calling thread waits, it says so and throws, the one function here that does. Then the instance is as it was,
 * but for tasks that were done meanwhile; let the event loop run, and call again.
 *
 * @param patience_ms how long no task may be completed, in milliseconds; default 10,000. A native function that waits for JavaScript cannot
 *                    be told from one that takes long: `Infinity` waits as the kernel does
 * @throws PadataError EDEADLK   a task whose parallel() is a closure has yet to call `padata_do_serial`, no CPU of the mask is usable, or
 *                               this is a call from a serial() of the instance
 * @throws PadataError ETIMEDOUT none of the remaining tasks was completed for `patience_ms`
 * @throws TypeError   no instance
 */
export function padata_free(pinst: padata_instance, patience_ms: number = PATIENCE_MS): void {
  checkInstance(pinst);
  if (typeof patience_ms !== 'number') throw typeError('patience_ms', 'a number', patience_ms);
  pinst.free(patience_ms);
}

function checkInstance(pinst: unknown): Instance {
  if (!(pinst instanceof Instance)) throw typeError('pinst', 'an instance of padata_alloc()', pinst);
  return pinst;
}
