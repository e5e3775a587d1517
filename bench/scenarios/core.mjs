import { ratioCheck } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Contender} Contender */

const jobs = { 0: 4_000_000, 1000: 300_000 };
const metric = { 0: 'noop', 1000: 'work' };
/** Chunks and tokens that are worth a try, and which of them `--quick` keeps. */
const quickOnes = [64, 4096];

/** The same arguments for all: JOBS WORK_NS, then what is the contender's own. @param {0 | 1000} workNs @returns {Contender} */
const core = (workNs) => ({
  name: `padata core, ${workNs} ns`,
  program: 'core_bench',
  args: [`${jobs[workNs]}`, `${workNs}`],
  rename: { jobsPerSecond: metric[workNs] },
});

/** oneTBB wants to be told how many tokens may be in flight; it is judged by the best. @param {0 | 1000} workNs @returns {Contender[]} */
const oneTbb = (workNs) =>
  [4, 64, 1024, 4096].map((tokens) => ({
    name: `oneTBB, ${workNs} ns, ${tokens} tokens`,
    role: 'peer',
    program: 'tbb_pipeline',
    args: [`${jobs[workNs]}`, `${workNs}`, `${tokens}`],
    rename: { jobsPerSecond: metric[workNs] },
    thorough: !quickOnes.includes(tokens),
  }));

/** OpenMP's loop with an ordered region, by chunk. @param {0 | 1000} workNs @returns {Contender[]} */
const openMp = (workNs) =>
  [1, 64].map((chunk) => ({
    name: `OpenMP ordered, ${workNs} ns, chunks of ${chunk}`,
    role: 'peer',
    program: 'openmp_ordered',
    // Fewer, for where its threads wait for each other in vain it takes a hundred times as long.
    args: [`${jobs[workNs] / 4}`, `${workNs}`, `${chunk}`],
    rename: { jobsPerSecond: metric[workNs] },
    thorough: !quickOnes.includes(chunk),
  }));

/** @type {Contender} */
const plainLoop = {
  name: 'plain loop, 1000 ns',
  program: 'plain_loop',
  args: [`${jobs[1000]}`, '1000'],
  rename: { jobsPerSecond: metric[1000] },
};

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'core',
  title: 'The native core alone, ordered jobs of no work and of 1000 ns',
  metrics: { noop: 'jobs/s', work: 'jobs/s' },
  contenders: [core(0), ...oneTbb(0), ...openMp(0), core(1000), ...oneTbb(1000), ...openMp(1000), plainLoop],
  checks: [
    ratioCheck({
      title: 'no work: core against oneTBB parallel_pipeline',
      ours: [core(0)],
      theirs: oneTbb(0),
      metric: 'noop',
      must: 'at least',
      bar: 8,
    }),
    ratioCheck({
      title: '1000 ns: core against a plain loop',
      ours: [core(1000)],
      theirs: [plainLoop],
      metric: 'work',
      must: 'at least',
      bar: 1.5,
    }),
  ],
};
