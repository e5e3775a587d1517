/**
 * A backend over a pool whose calls give promises: lanes of all kinds that functions.mjs has.
 */
import { churnInput, echoInput } from '../lib/inputs.mjs';
import { cut } from '../lib/threads.mjs';

/** @typedef {import('../lib/types.mjs').Backend} Backend */
/** @typedef {import('../lib/types.mjs').Lane} Lane */
/** @typedef {(input?: unknown) => PromiseLike<any>} Run submits a job */

/** @param {unknown} error */
const fail = (error) => {
  throw error;
};

/** @param {Run} run @param {unknown} input @param {import('../lib/types.mjs').Done<any>} done @returns {Lane} */
export function promiseLane(run, input, done) {
  const complete = (/** @type {unknown} */ result) => done(lane, result);
  const lane = { submit: () => void run(input).then(complete, fail) };
  return lane;
}

/**
 * @param {(name: string) => Run} runner how to call a function of backends/workers/functions.mjs
 * @returns {Backend}
 */
export function poolBackend(runner) {
  const noop = runner('noop');
  const echo = runner('echo');
  const spin = runner('spin');
  const churn = runner('churn');
  const deflate = runner('deflate');
  const encrypt = runner('encrypt');
  const mixPart = runner('mixPart');
  return {
    ordered: false,
    noopLane: (done) => promiseLane(noop, undefined, done),
    echoLane: (size, done) => promiseLane(echo, echoInput(size), done),
    spinLane: (nanoseconds, done) => promiseLane(spin, nanoseconds, done),
    churnLane: (rounds, done) => promiseLane(churn, churnInput(rounds), done),
    deflateLane: (input, done) => promiseLane(deflate, input, done),
    packetLane: (next, done) => promiseLane(() => encrypt(next()), undefined, done),
    async mix(shared, units) {
      await Promise.all(cut(units).map((part) => mixPart({ ...part, shared })));
    },
  };
}
