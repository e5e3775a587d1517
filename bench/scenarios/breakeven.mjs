import { churn } from '../backends/workers/functions.mjs';
import { busyPeers, moduleFunctions, native } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';
import { churnInput } from '../lib/inputs.mjs';
import { valueCheck } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Contender} Contender */

/** Native functions: the plain loop is an ideal one, whose jobs of so many nanoseconds take exactly that. */
const spinNs = [50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 5000, 10_000, 20_000, 50_000];
/** JavaScript: rounds of churn(), from about a microsecond to a few hundred. */
const rounds = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000];
const inFlight = 512;

/** @type {Contender[]} */
const ourMap = native.map((contender) => ({
  ...contender,
  name: `${contender.name}, map`,
  options: { ...contender.options, map: true },
}));
/** @type {Contender[]} */
const ourModules = moduleFunctions.filter(({ options }) => !options?.promises);

/**
 * The cost at which a speedup comes to 1, between two that were measured.
 *
 * @param {{ us: number, speedup: number }} below
 * @param {{ us: number, speedup: number }} above
 */
function crossing(below, above) {
  const share = Math.log(1 / below.speedup) / Math.log(above.speedup / below.speedup);
  return below.us * (above.us / below.us) ** share;
}

/**
 * Goes through the sizes until the contender has been faster than the loop at two of them, one after the other.
 *
 * @param {number[]} sizes
 * @param {(size: number) => Promise<{ us: number, speedup: number }>} measure
 * @returns {Promise<number>} microseconds of work for each job; where even the smallest size pays: that
 */
async function smallest(sizes, measure) {
  const points = [];
  for (const size of sizes) {
    points.push(await measure(size));
    const [before, first, second] = [points.at(-3), points.at(-2), points.at(-1)];
    if (!first || !second || first.speedup < 1 || second.speedup < 1) continue;
    return before ? crossing(before, first) : first.us;
  }
  throw new Error(`slower than a plain loop up to ${points.at(-1)?.us.toFixed(0)} us`);
}

/** Microseconds that a job takes in a plain loop on this thread. @param {number} count @param {number} ms */
function plainLoopUs(count, ms) {
  const input = churnInput(count);
  const begin = performance.now();
  let jobs = 0;
  let now = begin;
  for (; now - begin < ms; now = performance.now()) {
    for (let i = 0; i < 8; i++) churn(input);
    jobs += 8;
  }
  return ((now - begin) * 1000) / jobs;
}

/** Jobs per second of something that is told how many to do, as many as fit. @param {(count: number) => Promise<void>} run @param {number} ms */
async function rateOf(run, ms) {
  let count = 64;
  while (true) {
    const begin = performance.now();
    await run(count);
    const elapsed = performance.now() - begin;
    if (elapsed >= ms) return (count * 1000) / elapsed;
    count *= elapsed > ms / 4 ? 2 : 4;
  }
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'breakeven',
  title:
    'Break-even: the least work per job for which handing it over beats a plain loop (JavaScript: 1420 bytes in and out)',
  metrics: { native: 'us', javascript: 'us' },
  contenders: [...native, ...ourMap, ...ourModules, ...busyPeers],

  async measure(backend, { settings, contender }) {
    const ms = settings.measuredMs / 4;
    if (contender.backend === 'padata') {
      const spinLane = needed(backend, 'spinLane');
      const rate = (/** @type {number} */ ns) =>
        contender.options?.map
          ? rateOf((count) => needed(backend, 'mapSpin')(ns, count), ms)
          : throughput((done) => spinLane(ns, done), inFlight, ms);
      return {
        native: await smallest(spinNs, async (ns) => ({ us: ns / 1e3, speedup: ((await rate(ns)) * ns) / 1e9 })),
      };
    }
    const churnLane = needed(backend, 'churnLane');
    const { mapChurn } = backend;
    const rate = (/** @type {number} */ count) =>
      mapChurn
        ? rateOf((jobs) => mapChurn(count, jobs), ms)
        : throughput((done) => churnLane(count, done), inFlight, ms);
    return {
      javascript: await smallest(rounds, async (count) => {
        const us = plainLoopUs(count, ms / 2);
        return { us, speedup: ((await rate(count)) * us) / 1e6 };
      }),
    };
  },

  checks: [
    valueCheck({
      title: 'break-even of a native function',
      ours: [...native, ...ourMap],
      metric: 'native',
      unit: 'us',
      must: 'at most',
      bar: 1,
    }),
    valueCheck({
      title: 'break-even of map with a module function, bytes',
      ours: ourModules,
      metric: 'javascript',
      unit: 'us',
      must: 'at most',
      bar: 10,
    }),
  ],
};
