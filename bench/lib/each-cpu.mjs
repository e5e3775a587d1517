import { execFileSync } from 'node:child_process';
import { cpus } from 'padata';

/** @param {string} list */
const pin = (list) => execFileSync('taskset', ['-pc', list, `${process.pid}`], { stdio: 'pipe' });

/**
 * The mean of what is measured with the main thread pinned to one CPU after the other: what "one CPU" can do, where not all are equally fast at
 * the moment, as in a virtual machine whose neighbours are busy.
 *
 * @param {() => Promise<number>} measure
 */
export async function onEachCpu(measure) {
  const allowed = cpus.allowed();
  let sum = 0;
  for (const cpu of allowed) {
    pin(`${cpu}`);
    sum += await measure();
  }
  pin(allowed.toList());
  return sum / allowed.weight;
}
