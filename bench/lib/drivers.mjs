/**
 * How a backend is driven: as many jobs as fit with a fixed number in flight, or one at a time.
 */

/** @typedef {import('./types.mjs').Done} Done */
/** @typedef {import('./types.mjs').Lane} Lane */

/** However slow a contender is, a measurement ends after this long, in milliseconds. */
const longest = 5000;

/**
 * Keeps every lane busy for a while: each completion submits the next job of the same lane. The first job of each lane does not
 * count, and at least one more for each lane does.
 *
 * @param {(done: Done) => Lane} makeLane
 * @param {number} inFlight how many lanes
 * @param {number} ms how long
 * @returns {Promise<{ rate: number, jobs: number }>} jobs per second, and how many jobs there were in all; settles when nothing is
 *   in flight any more
 */
export function drive(makeLane, inFlight, ms) {
  return new Promise((resolve) => {
    const group = Math.min(inFlight, 64); // the clock is looked at once in so many completions
    let untilLook = inFlight;
    let counted = 0;
    let begin = 0;
    let rate = 0;
    let outstanding = inFlight;
    const look = () => {
      const now = performance.now();
      untilLook = group;
      if (begin === 0) {
        begin = now;
        return;
      }
      counted += group;
      const elapsed = now - begin;
      if (elapsed < longest && (elapsed < ms || counted < inFlight)) return;
      rate = (counted * 1000) / elapsed;
    };
    const done = (/** @type {Lane} */ lane) => {
      if (rate !== 0) {
        if (--outstanding === 0) resolve({ rate, jobs: counted + 2 * inFlight });
        return;
      }
      lane.submit();
      if (--untilLook === 0) look();
    };
    const lanes = Array.from({ length: inFlight }, () => makeLane(done));
    for (const lane of lanes) lane.submit();
  });
}

/**
 * The rate alone.
 *
 * @param {(done: Done) => Lane} makeLane
 * @param {number} inFlight
 * @param {number} ms
 */
export async function throughput(makeLane, inFlight, ms) {
  return (await drive(makeLane, inFlight, ms)).rate;
}

/**
 * Times lone jobs, one after the other.
 *
 * @param {(done: Done) => Lane} makeLane
 * @param {number} count how many
 * @param {number} idleMs how long to be idle before each; 0: back to back
 * @returns {Promise<number[]>} microseconds, one for each job
 */
export function roundTrips(makeLane, count, idleMs) {
  return new Promise((resolve) => {
    /** @type {number[]} */
    const samples = [];
    let begin = 0;
    const start = () => {
      begin = performance.now();
      lane.submit();
    };
    const lane = makeLane(() => {
      samples.push((performance.now() - begin) * 1000);
      if (samples.length === count) resolve(samples);
      else if (idleMs === 0) start();
      else setTimeout(start, idleMs);
    });
    start();
  });
}

/**
 * Fails where the jobs of a backend do not come in the order of submission.
 *
 * @param {(done: Done) => Lane} makeLane
 * @param {number} count
 */
export function checkOrder(makeLane, count) {
  return new Promise((resolve, reject) => {
    let finished = 0;
    const lanes = Array.from({ length: count }, (_, i) =>
      makeLane(() => {
        if (finished++ !== i) reject(new Error(`job ${i} was completed as number ${finished - 1}`));
        if (finished === count) resolve(undefined);
      }),
    );
    for (const lane of lanes) lane.submit();
  });
}

/**
 * A lane of a scenario's kind, or the reason why there is none.
 *
 * @template {keyof import('./types.mjs').Backend} Kind
 * @param {import('./types.mjs').Backend} backend
 * @param {Kind} kind
 * @returns {NonNullable<import('./types.mjs').Backend[Kind]>}
 */
export function needed(backend, kind) {
  const method = backend[kind];
  if (method === undefined) throw new Error(`this backend has no ${kind}`);
  return method;
}
