/** The functions of `padata/kernel`; see there. */
import type { CpuMaskLike } from '../cpumask.js';
import { rangeError, typeError } from '../internal/validate.js';
import type { Job } from '../job.js';
import { Padata } from '../padata.js';
import { Shell } from '../shell.js';
import { complete, submit } from './outstanding.js';
import { EINVAL, orNull, refused, statusOf } from './refusal.js';

/** An instance: overall control of how jobs are run. It is a {@link Padata}, and has its methods and events besides. */
export type padata_instance = Padata;
/** A series of jobs. It is a {@link Shell}. */
export type padata_shell = Shell;
/** A job: any object with `parallel` and `serial`, see {@link Job}. */
export type padata_priv = Job;

/** For `padata_set_cpumask`: the CPUs that may be the serialization callback processor. (2020, Modifying cpumasks) */
export const PADATA_CPU_SERIAL = 0x01;
/** For `padata_set_cpumask`: the CPUs that run jobs in parallel. (2020, Modifying cpumasks) */
export const PADATA_CPU_PARALLEL = 0x02;

/** The preferred CPU for serial(), in a box: `padata_do_parallel` writes the CPU that it has chosen into it. */
export interface CbCpu {
  value: number;
}

/**
 * Makes an instance and starts it; both its masks are all possible CPUs. (2020, Initializing)
 *
 * @param name identifies the instance; it need not be unique
 * @returns null if no thread can be started (remedy: `ulimit -u`, the cgroup's pids.max), or the name is empty
 */
export function padata_alloc(name: string): padata_instance | null {
  return orNull(() => new Padata(name, { strict: { isBusyWhileFollowing: true } }));
}

/**
 * Makes a shell, which is one series of jobs; an instance may have any number. (2020, Initializing)
 *
 * @returns null if the instance was freed
 */
export function padata_alloc_shell(pinst: padata_instance): padata_shell | null {
  return orNull(() => checkInstance(pinst).createShell());
}

/**
 * Changes one user-supplied mask while jobs run. When it has returned, no parallel() begins on a CPU outside. CPUs that are offline
 * may be in it: they are used when they come online. Expensive: not for every job. (2020, Modifying cpumasks)
 *
 * @param cpumask_type `PADATA_CPU_PARALLEL` or `PADATA_CPU_SERIAL`, one of them
 * @param cpumask      as {@link "index".CpuMask.from} takes it; `CpuMask.parse('f')` for the bitmaps of the files in sysfs
 * @returns 0, also for a mask without usable CPUs: then jobs are refused with -EINVAL until there is one;
 *          -EINVAL: the instance was freed, the type is none, the mask is none;
 *          -EAGAIN: no thread could be started, and the masks are unchanged
 */
export function padata_set_cpumask(pinst: padata_instance, cpumask_type: number, cpumask: CpuMaskLike): number {
  return statusOf(() => checkInstance(pinst).setCpumask(typeName(cpumask_type), cpumask));
}

/**
 * Jobs are accepted again. Not in the document of 2020, where an instance is started when it is made; kernels before that had it.
 *
 * @returns 0; -EINVAL if the instance was freed or is being closed. Also -EINVAL while one of its masks has no usable CPU; it is started all
 *          the same, and runs as soon as there is one
 */
export function padata_start(pinst: padata_instance): number {
  const status = statusOf(() => checkInstance(pinst).start());
  if (status !== 0 || pinst.state === 'running') return status;
  return refused(-EINVAL, 'padata_start: one of the masks has no usable CPU');
}

/**
 * Jobs are refused with -EINVAL from now on; those that were accepted are completed. As `padata_start`, not in the document of 2020.
 *
 * @returns 0; -EINVAL: no instance. (void in the kernel)
 */
export function padata_stop(pinst: padata_instance): number {
  return statusOf(() => checkInstance(pinst).stop());
}

/**
 * Submits a job. Its parallel() is called once, its serial() once after `padata_do_serial`, in the order of submission over the shell.
 * Returns before either is called. (2020, Running A Job)
 *
 * A native parallel() runs on the pinned thread of one CPU, a module function in an isolate that is pinned to one, a closure on the event loop
 * that submits; a native serial(), or one that is a module function, runs on the CPU chosen, **a closure on the event loop, whatever cb_cpu is**.
 *
 * @param ps     the shell
 * @param padata the job
 * @param cb_cpu a box with the preferred CPU for serial(), 0 to 2^31 - 1. If that is not in the usable serial mask, the one at index
 *               `value % weight` of the mask is taken, and written into the box. After an error the box is as it was
 * @returns 0: the job is in progress;
 *          -EBUSY: the masks are being changed right now (remedy: again), or the job is outstanding;
 *          -EINVAL: the instance is stopped or freed, the shell was freed, a mask has no usable CPU, cb_cpu is no CPU, or a member of
 *          the job is wrong;
 *          -EAGAIN: no thread could be started for a native serial(); -ENOMEM: no memory
 */
export function padata_do_parallel(ps: padata_shell, padata: padata_priv, cb_cpu: CbCpu): number {
  if (!(ps instanceof Shell)) return refused(-EINVAL, typeError('ps', 'a shell', ps).message);
  const preferred = cb_cpu?.value;
  if (typeof preferred !== 'number') {
    return refused(-EINVAL, typeError('cb_cpu', 'an object { value: number }', cb_cpu).message);
  }
  const cpu = submit(ps, padata, preferred);
  if (cpu < 0) return cpu;
  if (cpu !== preferred) Reflect.set(cb_cpu, 'value', cpu); // does not throw if the box is frozen: the job is in progress
  return 0;
}

/**
 * Says that a job is complete whose parallel() is a closure; for a native one it follows by itself. Its serial() is called in its turn.
 * (2020, Serializing Jobs)
 *
 * @returns 0; -EINVAL: the job is not outstanding, for it was never submitted, or this is the second call. Nothing is changed. (void in
 *          the kernel, where this is undefined)
 */
export function padata_do_serial(padata: padata_priv): number {
  return complete(padata);
}

/**
 * Frees a shell. That no job is outstanding any more is the caller's responsibility in the kernel; here it is checked. (2020, Destroying)
 *
 * @param ps null is accepted, and nothing happens
 * @returns 0; -EBUSY: jobs are outstanding, and nothing is changed (remedy: `await ps.drain()`). (void in the kernel)
 */
export function padata_free_shell(ps: padata_shell | null): number {
  if (ps === null) return 0;
  if (!(ps instanceof Shell)) return refused(-EINVAL, typeError('ps', 'a shell', ps).message);
  return statusOf(() => ps.free());
}

/**
 * Frees an instance, after its shells. (2020, Destroying)
 *
 * @returns 0; -EBUSY: there are shells, and nothing is changed (remedy: `padata_free_shell` first). (void in the kernel)
 */
export function padata_free(pinst: padata_instance): number {
  return statusOf(() => checkInstance(pinst).free());
}

function checkInstance(pinst: unknown): Padata {
  if (!(pinst instanceof Padata)) throw typeError('pinst', 'an instance', pinst);
  return pinst;
}

function typeName(type: unknown): 'parallel' | 'serial' {
  if (type === PADATA_CPU_PARALLEL) return 'parallel';
  if (type === PADATA_CPU_SERIAL) return 'serial';
  throw rangeError('cpumask_type', 'PADATA_CPU_PARALLEL or PADATA_CPU_SERIAL', type);
}
