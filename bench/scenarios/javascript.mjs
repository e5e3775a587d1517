import { busyPeers, mainThreadOnEachCpu, moduleFunctions, plainLoops } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';
import { onEachCpu } from '../lib/each-cpu.mjs';
import { ratioCheck } from '../lib/statistics.mjs';

/** 100 microseconds of churn() on a quiet AMD EPYC; the rate of the main thread says how long it is on this one. */
const rounds = 90_000;
const inFlight = 64;
/** Isolates and workers are at their speed after a second, when V8 has compiled all of it, on the same CPUs. */
const warmUps = 5;

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'javascript',
  title: 'Ordered jobs of about 100 us of JavaScript, 1420 bytes in and out, 64 in flight',
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [...moduleFunctions, ...busyPeers, mainThreadOnEachCpu, plainLoops],

  async measure(backend, { settings, contender }) {
    const { churnLoops } = backend;
    if (churnLoops) {
      await churnLoops(rounds, settings.warmUpMs * warmUps);
      return { jobsPerSecond: await churnLoops(rounds, settings.measuredMs * 2) };
    }
    const churnLane = needed(backend, 'churnLane');
    const rate = (/** @type {number} */ ms) => throughput((done) => churnLane(rounds, done), inFlight, ms);
    await rate(settings.warmUpMs * warmUps);
    const measured = () => rate(settings.measuredMs * 2);
    return { jobsPerSecond: await (contender.options?.eachCpu ? onEachCpu(measured) : measured()) };
  },

  checks: [
    ratioCheck({
      title: 'module function against the main thread alone, of 2 CPUs',
      ours: moduleFunctions,
      theirs: [mainThreadOnEachCpu],
      metric: 'jobsPerSecond',
      must: 'at least',
      bar: 1.8,
    }),
    ratioCheck({
      title: 'module function against plain loops on all CPUs: 1.8 of 2',
      ours: moduleFunctions,
      theirs: [plainLoops],
      metric: 'jobsPerSecond',
      must: 'at least',
      bar: 0.9,
    }),
  ],
};
