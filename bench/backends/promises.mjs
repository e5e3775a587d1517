/**
 * Lanes over a pool whose calls give promises.
 */

/** @typedef {import('../lib/types.mjs').Lane} Lane */

/** @param {unknown} error */
const fail = (error) => {
  throw error;
};

/**
 * @param {() => PromiseLike<unknown>} run submits a job that does nothing
 * @returns {(done: (lane: Lane) => void) => Lane}
 */
export function noopLanes(run) {
  return (done) => {
    const complete = () => done(lane);
    const lane = { submit: () => void run().then(complete, fail) };
    return lane;
  };
}
