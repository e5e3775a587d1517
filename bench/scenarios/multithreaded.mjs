import { best } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Contender} Contender */

const works = ['sum', 'histogram', 'translate'];
const chunks = [64 << 10, 1 << 20, 16 << 20];
/** Threads that wait sleep, and do not take CPUs from others: as padata's. */
const passive = { OMP_WAIT_POLICY: 'passive' };

/** @param {number} bytes */
const size = (bytes) => (bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`);

/** The same arguments for all: WORK CHUNK. @param {string} work @param {number} chunk @returns {[ours: Contender, ...rivals: Contender[]]} */
function contendersFor(work, chunk) {
  const what = chunk === 1 ? `${work} job` : `${work}, ${size(chunk)}`;
  const args = [work, `${chunk}`];
  return [
    { name: `padata, ${what}`, program: 'mt_padata', args },
    { name: `OpenMP static, ${what}`, program: 'mt_openmp', args, env: { ...passive, OMP_SCHEDULE: 'static' } },
    { name: `OpenMP dynamic, ${what}`, program: 'mt_openmp', args, env: { ...passive, OMP_SCHEDULE: 'dynamic,1' } },
    { name: `oneTBB, ${what}`, program: 'mt_tbb', args },
    { name: `oneTBB auto, ${what}`, program: 'mt_tbb', args: [...args, 'auto'] },
  ];
}

/** @param {string} work @param {number} chunk @returns {import('../lib/types.mjs').Check} */
function throughput(work, chunk) {
  const [ours, ...rivals] = contendersFor(work, chunk);
  return {
    title: `${work} in chunks of ${size(chunk)}: against the best of OpenMP and oneTBB`,
    must: 'at least',
    bar: 0.95,
    unit: 'x',
    value: (medians) =>
      best(medians, [ours], 'jobsPerSecond', 'highest') / best(medians, rivals, 'jobsPerSecond', 'highest'),
  };
}

/** Jobs in which nothing is done: for two threads, or by two threads, which wait for each other. oneTBB cannot promise two. */
const starts = /** @type {const} */ (['empty', 'meet']).map((work) => {
  const [ours, ...rivals] = contendersFor(work, 1);
  return { work, ours, openMp: rivals.slice(0, 2), oneTbb: work === 'empty' ? rivals.slice(2, 3) : [] };
});
const pairs = works.flatMap((work) => chunks.map((chunk) => /** @type {[string, number]} */ ([work, chunk])));

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'multithreaded',
  title: 'Multithreaded jobs: the same C functions over 256 MiB by 2 threads, and a job in which nothing is done',
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [
    ...pairs.flatMap(([work, chunk]) => contendersFor(work, chunk)),
    ...starts.flatMap(({ ours, openMp, oneTbb }) => [ours, ...openMp, ...oneTbb]),
  ],
  checks: [
    ...pairs.map(([work, chunk]) => throughput(work, chunk)),
    ...starts.map(({ work, ours, openMp }) => ({
      title: `start and finish of ${work} jobs: against OpenMP with OMP_WAIT_POLICY=passive, within 3 times`,
      must: /** @type {const} */ ('at least'),
      bar: 1 / 3,
      unit: 'x',
      /** @param {import('../lib/types.mjs').Medians} medians */
      value: (medians) =>
        best(medians, [ours], 'jobsPerSecond', 'highest') / best(medians, openMp, 'jobsPerSecond', 'highest'),
    })),
  ],
};
