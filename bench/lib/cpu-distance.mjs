/**
 * How far apart the CPUs are. In a virtual machine that may change within seconds, and whatever goes from CPU to CPU takes several times as
 * long then: figures mean more with it.
 */
import { execFileSync } from 'node:child_process';
import { nativeCommand } from './native.mjs';
import { median } from './statistics.mjs';

/** How long a cache line takes from one CPU to another and back, in nanoseconds; empty where that cannot be measured. @returns {number[]} */
export function cpuDistance() {
  try {
    const [file, args] = nativeCommand('cpu_distance', []);
    const { nanoseconds } = JSON.parse(execFileSync(file, args, { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 }));
    return nanoseconds === undefined ? [] : [nanoseconds];
  } catch {
    return []; // it was not built
  }
}

/** The least, the median and the most of them, in words; empty where there are none. @param {number[]} distances */
export function distanceText(distances) {
  if (distances.length === 0) return '';
  const [least, middle, most] = [Math.min(...distances), median(distances), Math.max(...distances)].map(Math.round);
  return `A cache line took ${least} to ${most} ns (median ${middle}) from one CPU to another and back.`;
}
