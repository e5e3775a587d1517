import { processNs } from '../lib/cpu-time.mjs';
import { throughput } from '../lib/drivers.mjs';
import { median, valueCheck } from '../lib/statistics.mjs';

const inFlight = 1024;
const often = 1000;
const never = 3_600_000;

/** No-op jobs a second of a new instance. @param {number} cpuCheckMs @param {number} ms */
async function rateWith(cpuCheckMs, ms) {
  const { Padata } = await import('padata');
  const { noop } = await import('padata/functions');
  const { PlainJob } = await import('../backends/padata-jobs.mjs');
  const instance = new Padata('watched', { cpuCheckMs });
  const shell = instance.createShell();
  const lane = (/** @type {import('../lib/types.mjs').Done} */ done) => new PlainJob(shell, noop, done);
  await throughput(lane, inFlight, ms / 10);
  const rate = await throughput(lane, inFlight, ms);
  await instance.close();
  return rate;
}

/** What is kept of the rate when the watcher looks every second: windows in pairs, in both orders. @param {number} pairs @param {number} ms */
async function kept(pairs, ms) {
  const ratios = [];
  for (let i = 0; i < pairs; i++) {
    const first = await rateWith(i % 2 === 0 ? often : never, ms);
    const second = await rateWith(i % 2 === 0 ? never : often, ms);
    ratios.push(i % 2 === 0 ? first / second : second / first);
  }
  return 100 * median(ratios);
}

/** CPU time of a process whose instance has nothing to do, in percent of a CPU. @param {number} ms */
async function idleShare(ms) {
  const { setTimeout: sleep } = await import('node:timers/promises');
  await sleep(500); // what the start, or the last jobs, have left behind
  const before = processNs();
  const begin = performance.now();
  await sleep(ms);
  return (processNs() - before) / 1e4 / (performance.now() - begin);
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'watcher',
  title:
    'Cost of looking at the CPUs every second: the rate of no-op jobs that is kept, and CPU time of an idle instance',
  metrics: { kept: '%', idle: '% of a CPU' },
  contenders: [
    { name: 'padata', backend: 'nothing', family: 'padata' },
    { name: 'no instance', backend: 'nothing', role: 'yardstick' },
  ],

  async measure(_backend, { settings, contender }) {
    const idleMs = settings.quick ? 2000 : 5000;
    if (contender.name === 'no instance') return { idle: await idleShare(idleMs) };
    // Each window has a look in it, or several.
    const share = await kept(settings.quick ? 2 : 4, settings.quick ? 1050 : 2100);
    const { Padata } = await import('padata');
    const { noop } = await import('padata/functions');
    const instance = new Padata('idle');
    await instance.createShell().run(noop, undefined);
    const idle = await idleShare(idleMs);
    await instance.close();
    return { kept: share, idle };
  },

  checks: [
    valueCheck({
      title: 'CPU time of an idle instance',
      ours: [{ name: 'padata' }],
      metric: 'idle',
      unit: '% of a CPU',
      must: 'at most',
      bar: 0.1,
    }),
  ],
};
