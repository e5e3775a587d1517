import { readFileSync } from 'node:fs';

/** Nanoseconds of CPU time that the main thread has had, by the scheduler's own count (proc(5), /proc/PID/schedstat). */
export function mainThreadNs() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
}

/** Nanoseconds of CPU time that the whole process has had. */
export function processNs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
