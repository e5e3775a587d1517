import { busyPeers, busyPools, closure, mainThread, moduleFunctions, native } from '../lib/contenders.mjs';
import { checkOrder, needed, throughput } from '../lib/drivers.mjs';
import { ratioCheck } from '../lib/statistics.mjs';

const inFlight = { n1: 1, n64: 64, n1024: 1024, n16384: 16384 };

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'noop',
  title: 'Ordered no-op jobs, JavaScript to JavaScript, by how many are in flight',
  metrics: Object.fromEntries(Object.keys(inFlight).map((metric) => [metric, 'jobs/s'])),
  contenders: [...native, ...moduleFunctions, closure, ...busyPeers, mainThread],

  async measure(backend, { settings }) {
    const noopLane = needed(backend, 'noopLane');
    await checkOrder(noopLane, inFlight.n1024);
    await throughput(noopLane, inFlight.n1024, settings.warmUpMs);
    /** @type {Record<string, number>} */
    const metrics = {};
    for (const [metric, count] of Object.entries(inFlight)) {
      metrics[metric] = await throughput(noopLane, count, settings.measuredMs);
    }
    return metrics;
  },

  checks: [
    against('native function, 1024 in flight', native, 'n1024', 60),
    against('native function, 1024 in flight', native, 'n1024', 100),
    against('module function, 64 in flight', moduleFunctions, 'n64', 5),
    against('module function, 1024 in flight', moduleFunctions, 'n1024', 5),
  ],
};

/** @param {string} what @param {import('../lib/types.mjs').Contender[]} ours @param {string} metric @param {number} bar */
function against(what, ours, metric, bar) {
  return ratioCheck({
    title: `${what}: padata against the best pool`,
    ours,
    theirs: busyPools,
    metric,
    must: 'at least',
    bar,
  });
}
