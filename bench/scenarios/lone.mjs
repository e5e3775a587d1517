import { lonePeers, lonePools, mainThread, moduleFunctions, native } from '../lib/contenders.mjs';
import { needed, roundTrips } from '../lib/drivers.mjs';
import { quantile, ratioCheck } from '../lib/statistics.mjs';

/** For comparison only: the way that gives a promise, as the pools do. @type {import('../lib/types.mjs').Contender} */
const byPromise = { name: 'padata, shell.run()', backend: 'padata', options: { promises: true } };

/** @param {string} title @param {import('../lib/types.mjs').Contender[]} ours @param {string} metric @param {number} bar */
function against(title, ours, metric, bar) {
  return ratioCheck({ title, ours, theirs: lonePools, metric, must: 'at most', bar });
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'lone',
  title: 'Round trip of a lone no-op job: median and p99, back to back and after 3 ms of idleness',
  metrics: { backToBack: 'us', backToBackP99: 'us', afterIdle: 'us', afterIdleP99: 'us' },
  contenders: [...native, byPromise, ...moduleFunctions, ...lonePeers, mainThread],
  anyOrder: true,

  async measure(backend, { settings }) {
    const noopLane = needed(backend, 'noopLane');
    const count = settings.quick ? 1000 : 4000;
    await roundTrips(noopLane, 1000, 0);
    const backToBack = await roundTrips(noopLane, count, 0);
    await roundTrips(noopLane, 20, 3);
    const afterIdle = await roundTrips(noopLane, count / 20, 3);
    return {
      backToBack: quantile(backToBack, 0.5),
      backToBackP99: quantile(backToBack, 0.99),
      afterIdle: quantile(afterIdle, 0.5),
      afterIdleP99: quantile(afterIdle, 0.99),
    };
  },

  checks: [
    against('padata against the best pool, back to back', native, 'backToBack', 1 / 3),
    against('padata against the best pool, after 3 ms', native, 'afterIdle', 1 / 2),
    against('module function against the best pool, back to back', moduleFunctions, 'backToBack', 1),
    against('module function against the best pool, after 3 ms', moduleFunctions, 'afterIdle', 1),
  ],
};
