import { cpus, Padata } from 'padata';

/**
 * @typedef {object} Options
 * @property {boolean} [leaveFirst] parallel() does not use the first CPU, the event loop may have it
 * @property {number} [cpus] so many CPUs for parallel(), the last ones, so that the event loop may have the first as long as possible
 * @property {boolean} [dst] each packet job writes its results into one buffer of its own, again and again
 * @property {boolean} [allocated] likewise, and these buffers and those of the packets are memory from allocate()
 * @property {boolean} [promises] no-op jobs by `shell.run()`, as the pools have it, and not by `shell.doParallel()`
 * @property {boolean} [closure] parallel() is a closure: it does nothing, or starts node:zlib's own asynchronous call
 */

/** @param {Options} options */
export function openInstance({ leaveFirst, cpus: count }) {
  const allowed = [...cpus.allowed()];
  const used = count === undefined ? allowed.slice(leaveFirst && allowed.length > 1 ? 1 : 0) : allowed.slice(-count);
  return new Padata('bench', used.length < allowed.length ? { parallel: used } : {});
}

/** @param {Options} options */
export const openShell = (options) => openInstance(options).createShell();
