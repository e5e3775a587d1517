import { padata } from '../lib/contenders.mjs';
import { best, quantile } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Lane} Lane */
/** @typedef {(done: (lane: Lane) => void) => Lane} MakeLane */

const queued = 1_000_000;
const batches = 5;

/** Runs a 1 ms timer over and over. The function it returns stops that and gives the lateness of each call, in ms. */
function watchTimer() {
  /** @type {number[]} */
  const lateness = [];
  let due = performance.now() + 1;
  const tick = () => {
    const now = performance.now();
    lateness.push(Math.max(0, now - due));
    due = now + 1;
    timer = setTimeout(tick, 1);
  };
  let timer = setTimeout(tick, 1);
  return () => {
    clearTimeout(timer);
    return lateness;
  };
}

/**
 * Queues a million jobs at once, then watches the timer until the last one is complete.
 *
 * @param {Lane[]} lanes
 * @param {{ finished: number, whenAll: () => void }} progress
 */
async function latenessWhileQueued(lanes, progress) {
  progress.finished = 0;
  const all = new Promise((resolve) => {
    progress.whenAll = () => resolve(undefined);
  });
  for (const lane of lanes) lane.submit();
  const stop = watchTimer();
  await all;
  return stop();
}

/** @param {MakeLane} makeLane */
async function p99(makeLane) {
  const progress = { finished: 0, whenAll: () => {} };
  const done = () => {
    if (++progress.finished === queued) progress.whenAll();
  };
  const lanes = Array.from({ length: queued }, () => makeLane(done));
  /** @type {number[]} */
  const lateness = [];
  for (let i = 0; i < batches; i++) lateness.push(...(await latenessWhileQueued(lanes, progress)));
  return quantile(lateness, 0.99);
}

/** What the timer does with nothing else going on. */
async function p99Idle() {
  const stop = watchTimer();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return quantile(stop(), 0.99);
}

/**
 * @param {string} work
 * @param {string} metric
 * @returns {import('../lib/types.mjs').Check}
 */
const atMost5 = (work, metric) => ({
  title: `lateness at p99, ${work}`,
  must: 'at most',
  bar: 5,
  unit: 'ms',
  value: (medians) => best(medians, [padata[0]], metric, 'lowest'),
});

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'timer',
  title: 'Lateness of a 1 ms timer at p99, with a million jobs queued',
  metrics: { noop: 'ms', spin: 'ms' },
  contenders: [...padata, { name: 'no jobs at all', backend: 'nothing' }],

  async measure({ noopLane, spinLane }) {
    if (!noopLane || !spinLane) {
      const idle = await p99Idle();
      return { noop: idle, spin: idle };
    }
    return { noop: await p99(noopLane), spin: await p99((done) => spinLane(1000, done)) };
  },

  checks: [atMost5('no-op jobs', 'noop'), atMost5('jobs of 1000 ns', 'spin')],
};
