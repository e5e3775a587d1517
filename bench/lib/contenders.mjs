/**
 * The contenders that several scenarios share. A pool takes part with each configuration that was the best for something, and
 * is judged by the best of them; so is padata.
 */

/** @typedef {import('./types.mjs').Contender} Contender */

/** Native functions; the only option here is the parallel mask. @type {Contender[]} */
export const native = [
  { name: 'padata', backend: 'padata' },
  { name: 'padata, first CPU left to the event loop', backend: 'padata', options: { leaveFirst: true } },
];

/** JavaScript in pinned isolates. @type {Contender[]} */
export const moduleFunctions = [
  { name: 'padata, module function', backend: 'padata-module' },
  {
    name: 'padata, module function, first CPU left to the event loop',
    backend: 'padata-module',
    options: { leaveFirst: true },
    thorough: true,
  },
  { name: 'padata, module function, shell.run()', backend: 'padata-module', options: { promises: true } },
];

/** A closure runs on the event loop itself: nothing is handed over. @type {Contender} */
export const closure = { name: 'padata, closure', role: 'yardstick', backend: 'padata', options: { closure: true } };

/** What one writes without a library: not a pool, but a peer. @type {Contender} */
const workerThreads = { name: 'worker_threads', backend: 'worker-threads' };

/** With many jobs in flight: several jobs for each worker at a time. @type {Contender[]} */
export const busyPools = [
  { name: 'piscina, 64 per worker', backend: 'piscina', options: { concurrentTasksPerWorker: 64 } },
  { name: 'piscina, 512 per worker', backend: 'piscina', options: { concurrentTasksPerWorker: 512 }, thorough: true },
  { name: 'tinypool, 16 per worker', backend: 'tinypool', options: { concurrentTasksPerWorker: 16 }, thorough: true },
  { name: 'tinypool, 64 per worker', backend: 'tinypool', options: { concurrentTasksPerWorker: 64 } },
  { name: 'workerpool', backend: 'workerpool' },
  { name: 'poolifier, round robin', backend: 'poolifier', options: { workerChoiceStrategy: 'ROUND_ROBIN' } },
];
export const busyPeers = [...busyPools, workerThreads];

/** With one job at a time: workers that wait by Atomics.wait, and workers that wait in their event loop. @type {Contender[]} */
export const lonePools = [
  { name: 'piscina', backend: 'piscina' },
  { name: 'piscina, atomics disabled', backend: 'piscina', options: { atomics: 'disabled' } },
  { name: 'tinypool', backend: 'tinypool' },
  { name: 'tinypool, atomics disabled', backend: 'tinypool', options: { useAtomics: false }, thorough: true },
  { name: 'workerpool', backend: 'workerpool' },
  { name: 'poolifier, round robin', backend: 'poolifier', options: { workerChoiceStrategy: 'ROUND_ROBIN' } },
  {
    name: 'poolifier, least used',
    backend: 'poolifier',
    options: { workerChoiceStrategy: 'LEAST_USED' },
    thorough: true,
  },
];
export const lonePeers = [...lonePools, workerThreads];

/** No pool at all: what a job costs when it is nothing but a call. @type {Contender} */
export const mainThread = { name: 'main thread', backend: 'main-thread', role: 'yardstick' };

/** The same, and a fair measure of one CPU, see lib/each-cpu.mjs. @type {Contender} */
export const mainThreadOnEachCpu = {
  ...mainThread,
  name: 'main thread, on each CPU in turn',
  options: { eachCpu: true },
};

/** What all CPUs together can do. Two that are hyperthreads of one core do less than twice what one does. @type {Contender} */
export const plainLoops = { name: 'plain loops on all CPUs', backend: 'plain-loops', role: 'yardstick' };

/** Who a contender is, see Role. @param {Contender} contender @returns {import('./types.mjs').Role} */
export function roleOf({ role, name, program }) {
  if (role !== undefined) return role;
  if (/^padata\b/.test(name)) return 'padata';
  return program === undefined ? 'peer' : 'yardstick';
}

/** Whether `--backend` selects it. @param {Contender} contender @param {string[]} families none: all are selected */
export function isSelected(contender, families) {
  const family = contender.family ?? contender.backend ?? contender.program ?? '';
  return families.length === 0 || families.includes(family) || families.includes(roleOf(contender));
}
