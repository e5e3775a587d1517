/** An instance as shells see it: its queue, its flags, and the usable serial mask in a form that is quick to look at. */
import { binding, type InstanceHandle } from '../binding.js';
import { type CpuMask, maskFromWords, wordsOf } from '../cpumask.js';
import { PadataError } from '../errors.js';
import type { IsolatePool } from '../module/isolate-pool.js';
import { environment, type WatchedInstance } from './environment.js';
import { JobQueue } from './job-queue.js';
import { InstanceFlag, InstanceWord } from './layout.js';

/** A pair of masks: user-supplied, or usable. */
export interface Cpumasks {
  readonly parallel: CpuMask;
  readonly serial: CpuMask;
}

/** Figures of one CPU. */
export interface CpuStats {
  cpu: number;
  /**
   * Jobs of this instance with a native parallel() that ran there. Jobs that a thread has claimed and is about to run count as
   * well; once all are serialized, the sum over the CPUs is exact.
   */
  jobs: number;
  /**
   * How often a thread of padata, pinned to this CPU for any instance of the process, was found without its pin: the CPU went offline,
   * a cpuset changed, or somebody else has set its affinity.
   */
  pinsLost: number;
  /** How often such a thread got its pin back. Less than `pinsLost` while one could not be pinned: the CPU is offline, or not allowed. */
  pinsRestored: number;
  /** Since when the CPU is in one of the usable masks of this instance; undefined if it is not. */
  usableSince: Date | undefined;
}

/** Rules that are stricter than those of the classes, for `padata/kernel`. */
export interface StrictRules {
  /** doParallel throws EBUSY also while the usable masks are changed because the machine has changed. */
  isBusyWhileFollowing?: boolean;
  /** A cb_cpu outside the usable serial mask is refused with EINVAL, and not replaced. */
  refusesCbCpu?: boolean;
}

export class InstancePort implements WatchedInstance {
  readonly name: string;
  readonly handle: InstanceHandle;
  readonly queue: JobQueue;
  readonly control: Int32Array;
  isFreed = false;
  #generation = -1;
  /** CPUs that have a serial thread. */
  readonly #serialThreads = new Set<number>();
  #serialCpus: readonly number[] = [];
  #usable: Cpumasks | undefined;
  #told: Cpumasks;
  #isolates: IsolatePool | undefined;
  readonly #makeIsolates: () => IsolatePool;
  readonly #onChange: () => void;
  readonly #refusesCbCpu: boolean;

  /**
   * @param onChange the usable masks may have changed, and not by setCpumask
   * @param makeIsolates called when the first job with a module function comes
   * @throws PadataError no thread could be started
   */
  constructor(
    name: string,
    { parallel, serial }: Cpumasks,
    checkMs: number,
    onChange: () => void,
    makeIsolates: () => IsolatePool,
    rules: StrictRules = {},
  ) {
    this.name = name;
    this.#onChange = onChange;
    this.#makeIsolates = makeIsolates;
    this.#refusesCbCpu = rules.refusesCbCpu ?? false;
    this.handle = new binding.InstanceHandle(environment.bridge, name, wordsOf(parallel), wordsOf(serial), checkMs);
    const { errno } = this.handle;
    if (errno !== 0) throw PadataError.fromErrno(errno, 'padata_alloc', 'no thread could be started');
    if (rules.isBusyWhileFollowing) this.handle.refuseWhileFollowing();
    this.queue = new JobQueue(this.handle, environment);
    this.control = this.queue.control;
    environment.instances.add(this);
    this.#told = this.usable;
  }

  takeCost(): number {
    return Math.max(this.queue.takeCost(), this.#isolates?.queue.takeCost() ?? 0);
  }

  rescue(): void {
    this.handle.rescue();
  }

  masksChanged(): void {
    this.#isolates?.masksChanged();
    this.#onChange();
  }

  /** How the usable masks have changed since the last call; undefined if they have not. */
  takeChange(): { before: Cpumasks; after: Cpumasks } | undefined {
    const before = this.#told;
    const after = this.usable;
    this.#told = after;
    if (before.parallel.equals(after.parallel) && before.serial.equals(after.serial)) return undefined;
    return { before, after };
  }

  get usable(): Cpumasks {
    this.#refresh();
    return this.#usable as Cpumasks;
  }

  get isStopped(): boolean {
    return this.isFreed || (Atomics.load(this.control, InstanceWord.FLAGS) & InstanceFlag.STOPPED) !== 0;
  }

  get isInvalid(): boolean {
    return (Atomics.load(this.control, InstanceWord.FLAGS) & InstanceFlag.INVALID) !== 0;
  }

  /** @throws PadataError EBUSY or EINVAL unless jobs are accepted */
  checkAccepting(syscall = 'doParallel'): void {
    const flags = this.control[InstanceWord.FLAGS] as number; // nothing else depends on it, so a plain load will do
    if (flags !== 0) throw refusal(flags, syscall);
  }

  /**
   * The CPU that serial() is to run on. A preferred CPU outside the usable serial mask is replaced by the one at index
   * `preferred % weight` of it, as the kernel does it.
   *
   * @throws PadataError EINVAL the mask is empty, or the strict rules refuse to replace it
   */
  cbCpu(preferred: number): number {
    if (this.control[InstanceWord.MASK_GENERATION] !== this.#generation) this.#refresh();
    const cpus = this.#serialCpus;
    if (cpus.includes(preferred)) return preferred;
    if (this.#refusesCbCpu) {
      throw new PadataError('EINVAL', 'doParallel', `cb_cpu ${preferred} is not in the usable CPU mask`);
    }
    return this.cbCpuAt(preferred);
  }

  /** Another one whenever the usable masks have changed. */
  get maskGeneration(): number {
    return this.control[InstanceWord.MASK_GENERATION] as number;
  }

  /** The CPU at a position of the usable serial mask, for shells that take turns. */
  cbCpuAt(position: number): number {
    if (this.control[InstanceWord.MASK_GENERATION] !== this.#generation) this.#refresh();
    const cpus = this.#serialCpus;
    if (cpus.length === 0) throw refusal(InstanceFlag.INVALID); // since a moment ago
    return cpus[position % cpus.length] as number;
  }

  /** Before a job is submitted whose serial() is native. @throws PadataError the thread could not be started */
  ensureSerialThread(cpu: number): void {
    if (this.#serialThreads.has(cpu)) return;
    const errno = this.handle.ensureSerialThread(cpu);
    if (errno !== 0) throw PadataError.fromErrno(errno, 'doParallel', `no serial thread on CPU ${cpu}`);
    this.#serialThreads.add(cpu);
  }

  /** Of each CPU that is usable, has run jobs, or has lost a pin; in ascending order. */
  statsOfCpus(): CpuStats[] {
    if (this.isFreed) return [];
    const numbers = this.handle.statsOfCpus();
    return Array.from({ length: numbers.length / 5 }, (_, i) => {
      const [cpu, jobs, pinsLost, pinsRestored, since] = numbers.subarray(5 * i) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      return { cpu, jobs, pinsLost, pinsRestored, usableSince: since < 0 ? undefined : new Date(since) };
    });
  }

  /** What runs module functions; made when it is first needed. */
  get isolates(): IsolatePool {
    this.#isolates ??= this.#makeIsolates();
    return this.#isolates;
  }

  /** The same, if it was needed. */
  get isolatesIfAny(): IsolatePool | undefined {
    return this.#isolates;
  }

  close(): void {
    this.#isolates?.close();
    this.isFreed = true;
    environment.instances.delete(this);
    this.handle.close();
  }

  #refresh(): void {
    if (this.isFreed) return;
    this.#generation = Atomics.load(this.control, InstanceWord.MASK_GENERATION);
    const { parallel, serial } = this.handle.usable();
    this.#usable = { parallel: maskFromWords(parallel), serial: maskFromWords(serial) };
    this.#serialCpus = [...this.#usable.serial];
  }
}

function refusal(flags: number, syscall = 'doParallel'): PadataError {
  if ((flags & InstanceFlag.CHANGING) !== 0) {
    return new PadataError('EBUSY', syscall, 'the cpumasks are being changed right now; try again');
  }
  if ((flags & InstanceFlag.STOPPED) !== 0) return new PadataError('EINVAL', syscall, 'the instance is stopped');
  return new PadataError('EINVAL', syscall, 'the instance is invalid: one of its masks has no usable CPU');
}
