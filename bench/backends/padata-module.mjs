import { moduleFunction } from 'padata';
import { churnInput, echoInput } from '../lib/inputs.mjs';
import { BytesJob } from './padata-jobs.mjs';
import { openInstance } from './padata-shell.mjs';
import { promiseLane } from './pool.mjs';

/**
 * The functions that the pools call, as module functions.
 *
 * @param {import('./padata-shell.mjs').Options} options
 * @returns {Promise<import('../lib/types.mjs').Backend>}
 */
export async function open(options) {
  const module = new URL('./workers/functions.mjs', import.meta.url);
  const [noop, echo, spin, churn, deflate, encrypt] = ['noop', 'echo', 'spin', 'churn', 'deflate', 'encrypt'].map(
    (name) => moduleFunction(module, name),
  );
  const mix = moduleFunction(new URL('./workers/thread-function.mjs', import.meta.url), 'mix');
  const padata = openInstance(options);
  const shell = padata.createShell();
  /** @param {typeof noop} parallel @param {unknown} input @param {import('../lib/types.mjs').Done<any>} done */
  const lane = (parallel, input, done) =>
    options.promises
      ? promiseLane(() => shell.run(parallel, input), undefined, done)
      : new BytesJob(shell, parallel, input, done);
  return {
    ordered: true,
    noopLane: (done) => lane(noop, undefined, done),
    echoLane: (size, done) => lane(echo, echoInput(size), done),
    spinLane: (nanoseconds, done) => lane(spin, nanoseconds, done),
    churnLane: (rounds, done) => lane(churn, churnInput(rounds), done),
    deflateLane: (input, done) => lane(deflate, input, done),
    packetLane: (next, done) => promiseLane(() => shell.run(encrypt, next()), undefined, done),
    mix: (shared, units) => padata.doMultithreaded({ threadFn: mix, fnArg: { shared }, size: units, minChunk: 65_536 }),
    async mapChurn(rounds, count) {
      const inputs = new Array(count).fill(churnInput(rounds));
      let finished = 0;
      for await (const _ of shell.map(inputs, churn)) finished++;
      if (finished !== count) throw new Error(`map gave ${finished} results of ${count}`);
    },
  };
}
