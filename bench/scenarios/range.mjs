import { busyPeers, mainThreadOnEachCpu, moduleFunctions, plainLoops } from '../lib/contenders.mjs';
import { needed } from '../lib/drivers.mjs';
import { onEachCpu } from '../lib/each-cpu.mjs';
import { median, ratioCheck } from '../lib/statistics.mjs';

const units = 64 << 20;
/** @type {import('../lib/types.mjs').Contender[]} */
const ours = moduleFunctions.slice(0, 1);

/** Jobs per second, of the median job. @param {() => Promise<void>} job @param {number} ms */
async function rateOf(job, ms) {
  const seconds = [];
  const end = performance.now() + ms;
  do {
    const begin = performance.now();
    await job();
    seconds.push((performance.now() - begin) / 1000);
  } while (performance.now() < end);
  return 1 / median(seconds);
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'range',
  title:
    'Multithreaded jobs in JavaScript: an in-place transform of 256 MiB of shared memory; pools get one part for each CPU',
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [...ours, ...busyPeers.filter(({ thorough }) => !thorough), mainThreadOnEachCpu, plainLoops],
  anyOrder: true,

  async measure(backend, { settings, contender }) {
    const shared = new SharedArrayBuffer(4 * units);
    const { mixLoops } = backend;
    if (mixLoops) {
      await mixLoops(shared, units, settings.warmUpMs);
      return { jobsPerSecond: await mixLoops(shared, units, settings.measuredMs) };
    }
    const mix = needed(backend, 'mix');
    const job = () => mix(shared, units);
    await rateOf(job, settings.warmUpMs);
    const measured = () => rateOf(job, settings.measuredMs);
    return { jobsPerSecond: await (contender.options?.eachCpu ? onEachCpu(measured) : measured()) };
  },

  checks: [
    ratioCheck({
      title: 'module function as thread function against the main thread alone, of 2 CPUs',
      ours,
      theirs: [mainThreadOnEachCpu],
      metric: 'jobsPerSecond',
      must: 'at least',
      bar: 1.8,
    }),
    ratioCheck({
      title: 'module function as thread function against plain loops on all CPUs: 1.8 of 2',
      ours,
      theirs: [plainLoops],
      metric: 'jobsPerSecond',
      must: 'at least',
      bar: 0.9,
    }),
  ],
};
