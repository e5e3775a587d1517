import { best } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Contender} Contender */

const jobs = { 0: 4_000_000, 1000: 300_000 };

/** The same arguments for all: JOBS WORK_NS, then what is the contender's own. @param {0 | 1000} workNs @returns {Contender} */
const core = (workNs) => ({
  name: `padata core, ${workNs} ns`,
  program: 'core_bench',
  args: [`${jobs[workNs]}`, `${workNs}`],
});

/** oneTBB wants to be told how many tokens may be in flight; it is judged by the best. @param {0 | 1000} workNs @returns {Contender[]} */
const oneTbb = (workNs) =>
  [4, 64, 1024, 4096].map((tokens) => ({
    name: `oneTBB, ${workNs} ns, ${tokens} tokens`,
    program: 'tbb_pipeline',
    args: [`${jobs[workNs]}`, `${workNs}`, `${tokens}`],
  }));

/** @type {Contender} */
const plainLoop = { name: 'plain loop, 1000 ns', program: 'plain_loop', args: [`${jobs[1000]}`, '1000'] };

/**
 * @param {string} title
 * @param {Contender} contender
 * @param {Contender[]} rivals
 * @param {number} bar
 * @returns {import('../lib/types.mjs').Check}
 */
function against(title, contender, rivals, bar) {
  return {
    title,
    must: 'at least',
    bar,
    unit: 'x',
    value: (medians) =>
      best(medians, [contender], 'jobsPerSecond', 'highest') / best(medians, rivals, 'jobsPerSecond', 'highest'),
  };
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'core',
  title: 'The native core alone, ordered jobs of no work and of 1000 ns',
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [core(0), ...oneTbb(0), core(1000), ...oneTbb(1000), plainLoop],
  checks: [
    against('no work: core against oneTBB parallel_pipeline', core(0), oneTbb(0), 8),
    against('1000 ns: core against a plain loop', core(1000), [plainLoop], 1.5),
  ],
};
