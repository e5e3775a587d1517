/** `cpus`: which CPUs this machine has, and which of them this process may use. */
import { binding } from './binding.js';
import { type CpuMask, maskFromWords } from './cpumask.js';

/** Reads the CPUs of this machine. */
export interface Cpus {
  /**
   * CPUs that can ever come online: what an instance's cpumasks are by default. From
   * `/sys/devices/system/cpu/possible`; where that is missing or broken, as many as `sysconf(_SC_NPROCESSORS_CONF)`
   * counts.
   */
  possible(): CpuMask;
  /**
   * CPUs that are plugged in. From `/sys/devices/system/cpu/present`; where that is missing or broken, those online.
   */
  present(): CpuMask;
  /**
   * CPUs that the scheduler uses. From `/sys/devices/system/cpu/online`; where that is missing or broken, those
   * allowed.
   */
  online(): CpuMask;
  /**
   * CPUs that this process may use: its cpuset, and the affinity that it was started with (`taskset`), less the CPUs
   * that are offline. From `sched_getaffinity` of all its threads but those that padata has pinned, taken together: to pin
   * the event loop (`taskset -pc 0 PID`) takes nothing away. Where `/proc` is not mounted, of the main thread alone. Never
   * empty.
   */
  allowed(): CpuMask;
}

/**
 * The CPUs of this machine, read afresh at each call. Nothing here fails: a container may hide or falsify sysfs, so the
 * scheduler is believed first. What is allowed is always also online, what is online present, and what is present
 * possible.
 *
 * Names as in the kernel's `Documentation/admin-guide/cputopology.rst`.
 */
export const cpus: Cpus = Object.freeze({
  possible: () => maskFromWords(binding.cpumask.possible()),
  present: () => maskFromWords(binding.cpumask.present()),
  online: () => maskFromWords(binding.cpumask.online()),
  allowed: () => maskFromWords(binding.cpumask.allowed()),
});
