import { lonePools, padata } from '../lib/contenders.mjs';
import { roundTrips } from '../lib/drivers.mjs';
import { best, median } from '../lib/statistics.mjs';

/** For comparison only: the way that gives a promise, as the pools do. @type {import('../lib/types.mjs').Contender} */
const byPromise = { name: 'padata, shell.run()', backend: 'padata', options: { promises: true } };

/**
 * @param {string} title
 * @param {string} metric
 * @param {number} bar
 * @returns {import('../lib/types.mjs').Check}
 */
function against(title, metric, bar) {
  return {
    title,
    must: 'at most',
    bar,
    unit: 'x',
    value: (medians) => best(medians, padata, metric, 'lowest') / best(medians, lonePools, metric, 'lowest'),
  };
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'lone',
  title: 'Round trip of a lone no-op job, back to back and after 3 ms of idleness (medians)',
  metrics: { backToBack: 'us', afterIdle: 'us' },
  contenders: [...padata, byPromise, ...lonePools],

  async measure({ noopLane }) {
    if (!noopLane) throw new Error('this backend has no no-op jobs');
    await roundTrips(noopLane, 1000, 0);
    const backToBack = median(await roundTrips(noopLane, 4000, 0));
    await roundTrips(noopLane, 20, 3);
    return { backToBack, afterIdle: median(await roundTrips(noopLane, 200, 3)) };
  },

  checks: [
    against('padata against the best pool, back to back', 'backToBack', 1 / 3),
    against('padata against the best pool, after 3 ms', 'afterIdle', 1 / 2),
  ],
};
