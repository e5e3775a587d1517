import { busyPeers, closure, moduleFunctions, native } from '../lib/contenders.mjs';
import { mainThreadNs, processNs } from '../lib/cpu-time.mjs';
import { drive, needed } from '../lib/drivers.mjs';
import { valueCheck } from '../lib/statistics.mjs';

const inFlight = 1024;

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'cputime',
  title: 'CPU time of an ordered no-op job, 1024 in flight: main thread, and the whole process',
  metrics: { main: 'ns', total: 'ns' },
  contenders: [...native, ...moduleFunctions, closure, ...busyPeers],

  async measure(backend, { settings }) {
    const noopLane = needed(backend, 'noopLane');
    await drive(noopLane, inFlight, settings.warmUpMs);
    const before = { main: mainThreadNs(), total: processNs() };
    const { jobs } = await drive(noopLane, inFlight, settings.measuredMs * 2);
    return { main: (mainThreadNs() - before.main) / jobs, total: (processNs() - before.total) / jobs };
  },

  checks: [
    valueCheck({
      title: 'main thread, for each job: submit, deliver, serial()',
      ours: native,
      metric: 'main',
      unit: 'ns',
      must: 'at most',
      bar: 150,
    }),
  ],
};
