/** An instance as shells see it: its queue, its flags, and the usable serial mask in a form that is quick to look at. */
import { binding, type InstanceHandle } from '../binding.js';
import { type CpuMask, maskFromWords, wordsOf } from '../cpumask.js';
import { cpus } from '../cpus.js';
import { PadataError } from '../errors.js';
import { environment } from './environment.js';
import { JobQueue } from './job-queue.js';
import { CHANGING, FLAGS, INVALID, MASK_GENERATION, STOPPED } from './layout.js';

/** A pair of masks: user-supplied, or usable. */
export interface Cpumasks {
  readonly parallel: CpuMask;
  readonly serial: CpuMask;
}

export class InstancePort {
  readonly handle: InstanceHandle;
  readonly queue: JobQueue;
  readonly control: Int32Array;
  isFreed = false;
  #generation = -1;
  #serialCpus: readonly number[] = [];
  #usable: Cpumasks | undefined;

  /** @throws PadataError no thread could be started */
  constructor(name: string, parallel: CpuMask, serial: CpuMask) {
    this.handle = new binding.InstanceHandle(environment.bridge, name, wordsOf(parallel), wordsOf(serial));
    const { errno } = this.handle;
    if (errno !== 0) throw PadataError.fromErrno(errno, 'padata_alloc', 'no thread could be started');
    this.queue = new JobQueue(this.handle, environment);
    this.control = this.queue.control;
    environment.instances.add(this.handle);
    this.#refresh();
  }

  get usable(): Cpumasks {
    this.#refresh();
    return this.#usable as Cpumasks;
  }

  get isStopped(): boolean {
    return this.isFreed || (Atomics.load(this.control, FLAGS) & STOPPED) !== 0;
  }

  get isInvalid(): boolean {
    return (Atomics.load(this.control, FLAGS) & INVALID) !== 0;
  }

  /** @throws PadataError EBUSY or EINVAL unless jobs are accepted */
  checkAccepting(): void {
    const flags = this.control[FLAGS] as number; // nothing else depends on it, so a plain load will do
    if (flags !== 0) throw refusal(flags);
  }

  /**
   * The CPU that serial() is to run on. A preferred CPU outside the usable serial mask is replaced by the one at index
   * `preferred % weight` of it, as the kernel does it.
   */
  cbCpu(preferred: number): number {
    if (this.control[MASK_GENERATION] !== this.#generation) this.#refresh();
    const cpus = this.#serialCpus;
    if (cpus.includes(preferred)) return preferred;
    return cpus[preferred % cpus.length] as number;
  }

  /** The CPU at a position of the usable serial mask, for shells that take turns. */
  cbCpuAt(position: number): number {
    if (this.control[MASK_GENERATION] !== this.#generation) this.#refresh();
    const cpus = this.#serialCpus;
    return cpus[position % cpus.length] as number;
  }

  /** Jobs that each CPU ran, or has claimed, where there are any. */
  jobsByCpu(): { cpu: number; jobs: number }[] {
    if (this.isFreed) return [];
    const all = [...cpus.possible()].map((cpu) => ({ cpu, jobs: this.handle.jobsOn(cpu) }));
    return all.filter(({ jobs }) => jobs !== 0);
  }

  close(): void {
    this.isFreed = true;
    environment.instances.delete(this.handle);
    this.handle.close();
  }

  #refresh(): void {
    if (this.isFreed) return;
    this.#generation = Atomics.load(this.control, MASK_GENERATION);
    const { parallel, serial } = this.handle.usable();
    this.#usable = { parallel: maskFromWords(parallel), serial: maskFromWords(serial) };
    this.#serialCpus = [...this.#usable.serial];
  }
}

function refusal(flags: number): PadataError {
  if ((flags & CHANGING) !== 0) {
    return new PadataError('EBUSY', 'doParallel', 'the cpumasks are being changed right now; try again');
  }
  if ((flags & STOPPED) !== 0) return new PadataError('EINVAL', 'doParallel', 'the instance is stopped');
  return new PadataError('EINVAL', 'doParallel', 'the instance is invalid: one of its masks has no usable CPU');
}
