import { readFileSync } from 'node:fs';
import { native } from '../lib/contenders.mjs';
import { needed } from '../lib/drivers.mjs';
import { valueCheck } from '../lib/statistics.mjs';

/** A million; fewer with --quick, since piscina takes its time for so many. */
const jobs = { full: 1_000_000, quick: 200_000 };
const warmUp = 1000;

/** Bytes of memory that this process alone has in RAM. */
function privateBytes() {
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8');
  const kib = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, size]) => Number(size));
  return kib.reduce((sum, size) => sum + size, 0) * 1024;
}

/** After collecting the garbage, twice: what was weakly held goes in the second round. */
function settledBytes() {
  globalThis.gc?.();
  globalThis.gc?.();
  return privateBytes();
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'memory',
  title: `Memory for each of ${jobs.full} queued no-op jobs (--quick: ${jobs.quick}), beyond the user's own objects`,
  metrics: { bytes: 'bytes' },
  contenders: [native[0], { name: 'piscina', backend: 'piscina' }],
  anyOrder: true,
  execArgv: ['--expose-gc'],

  async measure(backend, { settings }) {
    const noopLane = needed(backend, 'noopLane');
    if (!globalThis.gc) throw new Error('run this with --expose-gc');
    await new Promise((resolve) => {
      let finished = 0;
      for (let i = 0; i < warmUp; i++) noopLane(() => ++finished === warmUp && resolve(undefined)).submit();
    });
    const done = () => {};
    const lanes = Array.from({ length: settings.quick ? jobs.quick : jobs.full }, () => noopLane(done));
    const before = settledBytes();
    // The event loop does not run between here and the second look: nothing can be serialized.
    for (const lane of lanes) lane.submit();
    return { bytes: (settledBytes() - before) / lanes.length };
  },

  checks: [
    valueCheck({
      title: 'bytes for each queued job',
      ours: [native[0]],
      metric: 'bytes',
      unit: 'bytes',
      must: 'at most',
      bar: 256,
    }),
  ],
};
