import { needed, throughput } from '../lib/drivers.mjs';
import { quantile } from '../lib/statistics.mjs';

const inFlight = 1024;
const workNs = 1000;
const everyMs = 5;

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'setcpumask',
  title:
    'Cost of setCpumask while 1024 jobs of 1 us are in flight, every 5 ms: time of a call, and how much of the rate is kept',
  metrics: { p50: 'us', p99: 'us', kept: '%' },
  contenders: [{ name: 'padata', backend: 'padata', options: { promises: false } }],

  async measure(backend, { settings }) {
    const { instance } = needed(backend, 'shell');
    const spinLane = needed(backend, 'spinLane');
    const run = () => throughput((done) => spinLane(workNs, done), inFlight, settings.measuredMs * 3);
    const all = instance.usable.parallel;
    const last = [...all].at(-1) ?? 0;
    await run();
    const steady = await run();
    /** @type {number[]} */
    const samples = [];
    const timer = setInterval(() => {
      const begin = performance.now();
      instance.setCpumask('parallel', samples.length % 2 === 0 ? [last] : all);
      samples.push((performance.now() - begin) * 1000);
    }, everyMs);
    const changing = await run();
    clearInterval(timer);
    return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), kept: (100 * changing) / steady };
  },

  checks: [],
};
