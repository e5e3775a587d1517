import { busyPools, native } from '../lib/contenders.mjs';
import { drive, needed } from '../lib/drivers.mjs';
import { quantile, valueCheck } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Lane} Lane */
/** @typedef {(done: import('../lib/types.mjs').Done) => Lane} MakeLane */

const queued = 1_000_000;
const inFlight = 1024;

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

/** @param {MakeLane} makeLane @param {number} batches */
async function p99Queued(makeLane, batches) {
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

/** What the timer does while so many jobs are always in flight. @param {MakeLane} makeLane @param {number} ms */
async function p99Busy(makeLane, ms) {
  await drive(makeLane, inFlight, ms / 4);
  const stop = watchTimer();
  await drive(makeLane, inFlight, ms);
  return quantile(stop(), 0.99);
}

/** What the timer does with nothing else going on. @param {number} ms */
async function p99Idle(ms) {
  const stop = watchTimer();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return quantile(stop(), 0.99);
}

/** @param {string} work @param {string} metric */
const atMost5 = (work, metric) =>
  valueCheck({ title: `lateness at p99, ${work}`, ours: [native[0]], metric, unit: 'ms', must: 'at most', bar: 5 });

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'timer',
  title:
    'Lateness of a 1 ms timer at p99: 1024 no-op jobs always in flight; a million queued; a million of 1 us queued',
  metrics: { busy: 'ms', noop: 'ms', spin: 'ms' },
  contenders: [
    native[0],
    { name: 'no jobs at all', backend: 'nothing', role: 'yardstick' },
    ...busyPools.filter(({ thorough }) => !thorough),
  ],
  anyOrder: true,

  async measure(backend, { settings, contender }) {
    const batches = settings.quick ? 1 : 5;
    const ms = settings.measuredMs * 3;
    if (!backend.noopLane) return { busy: await p99Idle(ms) };
    const busy = await p99Busy(backend.noopLane, ms);
    if (contender.backend !== 'padata') return { busy };
    const spinLane = needed(backend, 'spinLane');
    return {
      busy,
      noop: await p99Queued(backend.noopLane, batches),
      spin: await p99Queued((done) => spinLane(1000, done), batches),
    };
  },

  checks: [atMost5('a million no-op jobs', 'noop'), atMost5('a million jobs of 1000 ns', 'spin')],
};
