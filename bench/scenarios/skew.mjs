import { busyPeers, mainThread, moduleFunctions, native } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';

const inFlight = 1000;
const lightNs = 10_000;
const heavyNs = 100 * lightNs;
/** One job in a hundred is heavy. */
const every = 100;
const meanNs = ((every - 1) * lightNs + heavyNs) / every;

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'skew',
  title: 'Ordered jobs, 1 in 100 of 1 ms and the others of 10 us, against as many of equal cost',
  metrics: { uniform: 'jobs/s', skewed: 'jobs/s', kept: '%' },
  contenders: [...native, ...moduleFunctions, ...busyPeers, mainThread],

  async measure(backend, { settings }) {
    const spinLane = needed(backend, 'spinLane');
    const ms = settings.measuredMs * 2;
    await throughput((done) => spinLane(meanNs, done), inFlight, settings.warmUpMs);
    const uniform = await throughput((done) => spinLane(meanNs, done), inFlight, ms);
    let lanes = 0;
    const skewed = await throughput((done) => spinLane(lanes++ % every === 0 ? heavyNs : lightNs, done), inFlight, ms);
    return { uniform, skewed, kept: (100 * skewed) / uniform };
  },

  checks: [],
};
