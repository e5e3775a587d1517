/** `padata_do_serial()` is told the job alone, so it is kept here which shell a job with a closure as parallel() went to. */
import type { Job } from '../job.js';
import type { Shell } from '../shell.js';
import { EBUSY, EINVAL, refusal, refused } from './refusal.js';

const shells = new WeakMap<Job, Shell>();

/** The CPU that the shell has chosen, or a negative errno. */
export function submit(shell: Shell, job: Job, cbCpu: number): number {
  try {
    const former = shells.get(job);
    if (former !== undefined && former !== shell && former.isOutstanding(job)) {
      return refused(-EBUSY, 'padata_do_parallel: the job is outstanding in another shell');
    }
    const cpu = shell.doParallel(job, cbCpu);
    if (typeof job.parallel === 'function') shells.set(job, shell);
    return cpu;
  } catch (error) {
    return refusal(error);
  }
}

/** Says that a job whose parallel() is a closure is complete: 0, or -EINVAL if it is not outstanding. */
export function complete(job: Job): number {
  const shell = shells.get(job);
  if (shell === undefined) return refused(-EINVAL, 'padata_do_serial: the job was never submitted');
  try {
    shell.doSerial(job);
    return 0;
  } catch (error) {
    return refusal(error);
  }
}
