/**
 * How a backend is driven: as many jobs as fit with a fixed number in flight, or one at a time.
 */

/** @typedef {import('./types.mjs').Lane} Lane */

/**
 * Keeps every lane busy for a while: each completion submits the next job of the same lane.
 *
 * @param {(done: (lane: Lane) => void) => Lane} makeLane
 * @param {number} inFlight how many lanes
 * @param {number} ms how long
 * @returns {Promise<number>} jobs per second; settles when nothing is in flight any more
 */
export function throughput(makeLane, inFlight, ms) {
  return new Promise((resolve) => {
    let finished = 0;
    let outstanding = inFlight;
    let stopped = false;
    let rate = 0;
    const done = (/** @type {Lane} */ lane) => {
      finished++;
      if (!stopped) lane.submit();
      else if (--outstanding === 0) resolve(rate);
    };
    const lanes = Array.from({ length: inFlight }, () => makeLane(done));
    const begin = performance.now();
    setTimeout(() => {
      stopped = true;
      rate = (finished * 1000) / (performance.now() - begin);
    }, ms);
    for (const lane of lanes) lane.submit();
  });
}

/**
 * Times lone jobs, one after the other.
 *
 * @param {(done: (lane: Lane) => void) => Lane} makeLane
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
