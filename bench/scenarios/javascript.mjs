import { busyPeers, mainThread, moduleFunctions } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';
import { ratioCheck } from '../lib/statistics.mjs';

/** About 100 microseconds of churn(); the rate of the main thread says how long it is on this machine. */
const rounds = 65_536;
const inFlight = 64;

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'javascript',
  title: 'Ordered jobs of about 100 us of JavaScript, 1420 bytes in and out, 64 in flight',
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [...moduleFunctions, ...busyPeers, mainThread],

  async measure(backend, { settings }) {
    const churnLane = needed(backend, 'churnLane');
    await throughput((done) => churnLane(rounds, done), inFlight, settings.warmUpMs);
    return { jobsPerSecond: await throughput((done) => churnLane(rounds, done), inFlight, settings.measuredMs * 2) };
  },

  checks: [
    ratioCheck({
      title: 'module function against the main thread alone, 2 CPUs',
      ours: moduleFunctions,
      theirs: [mainThread],
      metric: 'jobsPerSecond',
      must: 'at least',
      bar: 1.8,
    }),
  ],
};
