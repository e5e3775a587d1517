import { closure, moduleFunctions, native } from '../lib/contenders.mjs';
import { needed, roundTrips } from '../lib/drivers.mjs';

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'startup',
  title: 'From loading the package to the first result of a no-op job, in a process that has just started',
  metrics: { firstResult: 'ms' },
  contenders: [
    native[0],
    moduleFunctions[0],
    closure,
    { name: 'piscina', backend: 'piscina' },
    { name: 'tinypool', backend: 'tinypool' },
    { name: 'workerpool', backend: 'workerpool' },
    { name: 'poolifier', backend: 'poolifier' },
    { name: 'worker_threads', backend: 'worker-threads' },
  ],
  anyOrder: true,

  async measure(backend, { openMs }) {
    const [us] = await roundTrips(needed(backend, 'noopLane'), 1, 0);
    return { firstResult: openMs + us / 1000 };
  },

  checks: [],
};
