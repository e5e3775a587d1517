import { availableParallelism } from 'node:os';

/** How many workers a pool gets, and how many CPUs there are for padata: all that this process may use. */
export const threads = availableParallelism();

/** One part of a range for each. @param {number} units */
export function cut(units) {
  const at = (/** @type {number} */ i) => Math.floor((units * i) / threads);
  return Array.from({ length: threads }, (_, i) => ({ start: at(i), end: at(i + 1) }));
}
