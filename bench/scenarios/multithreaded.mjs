import { ratioCheck } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Contender} Contender */

const works = ['sum', 'histogram', 'translate'];
const chunks = [64 << 10, 1 << 20, 16 << 20];
/** The chunk that `--quick` keeps. */
const quickChunk = 1 << 20;
/** Threads that wait sleep, and do not take CPUs from others: as padata's. */
const passive = { OMP_WAIT_POLICY: 'passive' };

/** @param {number} bytes */
const size = (bytes) => (bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`);

/** @param {string} work @param {number} chunk */
const metricOf = (work, chunk) => (chunk === 1 ? work : `${work} ${size(chunk).replace(' ', '')}`);

/** What mt_turns calls those whom it measures. */
const rivals = {
  openMpStatic: 'OpenMP static',
  openMpDynamic: 'OpenMP dynamic',
  oneTbb: 'oneTBB',
  oneTbbAuto: 'oneTBB auto',
};

/** One process measures them all. @param {string} work @param {number} chunk @returns {[ours: Contender, ...rivals: Contender[]]} */
function contendersFor(work, chunk) {
  const what = chunk === 1 ? `${work} job` : `${work}, ${size(chunk)}`;
  const common = {
    program: 'mt_turns',
    args: [work, `${chunk}`],
    env: passive,
    thorough: chunk !== 1 && chunk !== quickChunk,
  };
  const metric = metricOf(work, chunk);
  return [
    { ...common, name: `padata, ${what}`, rename: { padata: metric } },
    ...Object.entries(rivals).map(([key, name]) => ({
      ...common,
      name: `${name}, ${what}`,
      role: /** @type {const} */ ('peer'),
      rename: { [key]: metric },
    })),
  ];
}

/** Jobs in which nothing is done: for two threads, or by two threads, which wait for each other. oneTBB cannot promise two. */
const starts = ['empty', 'meet'].map((work) => {
  const [ours, ...others] = contendersFor(work, 1);
  return { work, ours, openMp: others.slice(0, 2), oneTbb: work === 'empty' ? others.slice(2) : [] };
});
const pairs = works.flatMap((work) => chunks.map((chunk) => /** @type {[string, number]} */ ([work, chunk])));

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'multithreaded',
  title: 'Multithreaded jobs: the same C functions over 256 MiB by 2 threads, and a job in which nothing is done',
  metrics: Object.fromEntries(
    [...pairs.map(([work, chunk]) => metricOf(work, chunk)), ...starts.map(({ work }) => work)].map((m) => [
      m,
      'jobs/s',
    ]),
  ),
  contenders: [
    ...pairs.flatMap(([work, chunk]) => contendersFor(work, chunk)),
    ...starts.flatMap(({ ours, openMp, oneTbb }) => [ours, ...openMp, ...oneTbb]),
  ],
  checks: [
    ...pairs.map(([work, chunk]) => {
      const [ours, ...theirs] = contendersFor(work, chunk);
      return ratioCheck({
        title: `${work} in chunks of ${size(chunk)}: against the best of OpenMP and oneTBB`,
        ours: [ours],
        theirs,
        metric: metricOf(work, chunk),
        must: 'at least',
        bar: 0.95,
      });
    }),
    ...starts.map(({ work, ours, openMp }) =>
      ratioCheck({
        title: `start and finish of ${work} jobs: against OpenMP with OMP_WAIT_POLICY=passive, within 3 times`,
        ours: [ours],
        theirs: openMp,
        metric: work,
        must: 'at least',
        bar: 1 / 3,
      }),
    ),
  ],
};
