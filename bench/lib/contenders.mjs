/**
 * The contenders that several scenarios share. A pool takes part with each configuration that was the best for something, and
 * is judged by the best of them; so is padata, whose only option here is the parallel mask.
 */

/** @typedef {import('./types.mjs').Contender} Contender */

/** @type {Contender[]} */
export const padata = [
  { name: 'padata', backend: 'padata' },
  { name: 'padata, first CPU left to the event loop', backend: 'padata', options: { leaveFirst: true } },
];

/** With many jobs in flight: several jobs for each worker at a time. @type {Contender[]} */
export const busyPools = [
  { name: 'piscina, 64 per worker', backend: 'piscina', options: { concurrentTasksPerWorker: 64 } },
  { name: 'piscina, 512 per worker', backend: 'piscina', options: { concurrentTasksPerWorker: 512 } },
  { name: 'tinypool, 16 per worker', backend: 'tinypool', options: { concurrentTasksPerWorker: 16 } },
  { name: 'tinypool, 64 per worker', backend: 'tinypool', options: { concurrentTasksPerWorker: 64 } },
  { name: 'workerpool', backend: 'workerpool' },
  { name: 'poolifier, round robin', backend: 'poolifier', options: { workerChoiceStrategy: 'ROUND_ROBIN' } },
];

/** With one job at a time: workers that wait by Atomics.wait, and workers that wait in their event loop. @type {Contender[]} */
export const lonePools = [
  { name: 'piscina', backend: 'piscina' },
  { name: 'piscina, atomics disabled', backend: 'piscina', options: { atomics: 'disabled' } },
  { name: 'tinypool', backend: 'tinypool' },
  { name: 'tinypool, atomics disabled', backend: 'tinypool', options: { useAtomics: false } },
  { name: 'workerpool', backend: 'workerpool' },
  { name: 'poolifier, round robin', backend: 'poolifier', options: { workerChoiceStrategy: 'ROUND_ROBIN' } },
  { name: 'poolifier, least used', backend: 'poolifier', options: { workerChoiceStrategy: 'LEAST_USED' } },
];
