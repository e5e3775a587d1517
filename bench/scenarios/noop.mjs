import { busyPools, padata } from '../lib/contenders.mjs';
import { throughput } from '../lib/drivers.mjs';
import { best } from '../lib/statistics.mjs';

const inFlight = 1024;

/**
 * Fails where results of an ordered backend come out of order.
 *
 * @param {import('../lib/types.mjs').Backend} backend
 */
async function checkOrder({ ordered, noopLane }) {
  if (!ordered || !noopLane) return;
  await new Promise((resolve, reject) => {
    let finished = 0;
    const lanes = Array.from({ length: inFlight }, (_, i) =>
      noopLane(() => {
        if (finished++ !== i) reject(new Error(`job ${i} was completed as number ${finished - 1}`));
        if (finished === inFlight) resolve(undefined);
      }),
    );
    for (const lane of lanes) lane.submit();
  });
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'noop',
  title: `Ordered no-op jobs, JavaScript to JavaScript, ${inFlight} in flight (the pools need keep no order)`,
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [...padata, ...busyPools],

  async measure(backend) {
    if (!backend.noopLane) throw new Error('this backend has no no-op jobs');
    await checkOrder(backend);
    await throughput(backend.noopLane, inFlight, 400);
    return { jobsPerSecond: await throughput(backend.noopLane, inFlight, 500) };
  },

  checks: [
    {
      title: 'padata against the best pool',
      must: 'at least',
      bar: 60,
      unit: 'x',
      value: (medians) =>
        best(medians, padata, 'jobsPerSecond', 'highest') / best(medians, busyPools, 'jobsPerSecond', 'highest'),
    },
  ],
};
