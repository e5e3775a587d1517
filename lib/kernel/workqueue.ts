/** The workqueue of `padata/kernel/2.6.34`: what carries the pinned threads. */
import type { CpuMask } from '../cpumask.js';
import { PadataError } from '../errors.js';
import { typeError } from '../internal/validate.js';
import { Padata } from '../padata.js';
import { orNull, statusOf } from './refusal.js';

/** Keeps constructor and users to this package, also in JavaScript. */
const KEY = Symbol('workqueue');

/**
 * A workqueue, multithreaded: one pinned thread for each CPU that this process may use. It outlives the instances that work on it; while it
 * is there its threads are looked after, and pinned again when the kernel drops a pin. Made by {@link alloc_workqueue}.
 *
 * The threads themselves are those of the process: they come when there is work for them, and all workqueues share them.
 */
export class Workqueue {
  /** For errors and for people; it need not be unique. */
  readonly name: string;
  readonly #threads: Padata;
  #users = 0;
  #isDestroyed = false;

  /** @internal */
  constructor(name: string, key: symbol) {
    if (key !== KEY) throw new TypeError('A workqueue cannot be made with new. Use alloc_workqueue');
    this.#threads = new Padata(name);
    this.name = name;
  }

  /** The CPUs that it can work on: online, and allowed to this process. */
  get cpus(): CpuMask {
    return this.#threads.usable.parallel;
  }

  /** How many instances work on it. */
  get users(): number {
    return this.#users;
  }

  /** What `make` returns works on the workqueue from now on, until leave(). @internal */
  enter<T>(make: () => T): T {
    if (this.#isDestroyed) throw new PadataError('EINVAL', 'padata_alloc', `workqueue ${this.name} was destroyed`);
    const made = make();
    this.#users++;
    return made;
  }

  /** @internal */
  leave(): void {
    this.#users--;
  }

  /** @internal */
  destroy(): void {
    if (this.#users !== 0) {
      const remedy = 'padata_free them first';
      throw new PadataError('EBUSY', 'destroy_workqueue', `${this.#users} instances work on ${this.name}; ${remedy}`);
    }
    this.#isDestroyed = true;
    this.#threads.free();
  }
}

/**
 * Makes a workqueue, for `padata_alloc`.
 *
 * @param name not empty
 * @returns null if no thread can be started (remedy: `ulimit -u`, the cgroup's pids.max), or the name is empty
 */
export function alloc_workqueue(name: string): Workqueue | null {
  return orNull(() => new Workqueue(name, KEY));
}

/**
 * Shuts a workqueue down, which `padata_free` leaves to be done separately. (2.6.34, paragraph 16)
 *
 * @returns 0, also for one that was destroyed before; -EBUSY: an instance works on it, and nothing is changed. (void in the kernel)
 */
export function destroy_workqueue(wq: Workqueue): number {
  return statusOf(() => checkWorkqueue(wq).destroy());
}

/** For the package itself. */
export function checkWorkqueue(wq: unknown): Workqueue {
  if (!(wq instanceof Workqueue)) throw typeError('wq', 'a workqueue of alloc_workqueue()', wq);
  return wq;
}
