import { busyPeers, busyPools, mainThread, moduleFunctions, native } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';
import { ratioCheck } from '../lib/statistics.mjs';

/** Bytes, and how many are in flight. @type {Record<string, [size: number, inFlight: number]>} */
const shapes = {
  b64n1024: [64, 1024],
  b1420n64: [1420, 64],
  b1420n1024: [1420, 1024],
  b16384n64: [16384, 64],
};

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'echo',
  title: 'Ordered jobs that send bytes and get them back: b BYTES n IN FLIGHT',
  metrics: Object.fromEntries(Object.keys(shapes).map((metric) => [metric, 'jobs/s'])),
  contenders: [...native, ...moduleFunctions, ...busyPeers, mainThread],

  async measure(backend, { settings }) {
    const echoLane = needed(backend, 'echoLane');
    /** @type {Record<string, number>} */
    const metrics = {};
    let wrong = 0;
    for (const [metric, [size, inFlight]] of Object.entries(shapes)) {
      const run = (/** @type {number} */ ms) =>
        throughput(
          (done) =>
            echoLane(size, (lane, result) => {
              if (result.length !== size || result[size - 1] !== 0x5a) wrong++;
              done(lane, result);
            }),
          inFlight,
          ms,
        );
      await run(settings.warmUpMs / 2);
      metrics[metric] = await run(settings.measuredMs);
    }
    if (wrong > 0) throw new Error(`${wrong} results are not what was sent`);
    return metrics;
  },

  checks: [against('b1420n64', '64'), against('b1420n1024', '1024')],
};

/** @param {string} metric @param {string} inFlight */
function against(metric, inFlight) {
  const title = `module function, 1420 bytes, ${inFlight} in flight: padata against the best pool`;
  return ratioCheck({ title, ours: moduleFunctions, theirs: busyPools, metric, must: 'at least', bar: 5 });
}
