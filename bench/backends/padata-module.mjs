import * as padata from 'padata';
import { churnInput, echoInput } from '../lib/inputs.mjs';
import { LeftOut } from '../lib/left-out.mjs';
import { BytesJob } from './padata-jobs.mjs';
import { openShell } from './padata-shell.mjs';
import { promiseLane } from './pool.mjs';

/** @typedef {(module: URL | string, name?: string) => padata.NativeFunction<any, any>} ModuleFunction */

/** @returns {ModuleFunction} */
function moduleFunction() {
  const { moduleFunction } = /** @type {{ moduleFunction?: ModuleFunction }} */ (padata);
  if (moduleFunction === undefined) throw new LeftOut('this version has no module functions');
  return moduleFunction;
}

/**
 * The functions that the pools call, as module functions.
 *
 * @param {import('./padata-shell.mjs').Options} options
 * @returns {Promise<import('../lib/types.mjs').Backend>}
 */
export async function open(options) {
  const make = moduleFunction();
  const module = new URL('./workers/functions.mjs', import.meta.url);
  const [noop, echo, spin, churn, deflate, encrypt] = ['noop', 'echo', 'spin', 'churn', 'deflate', 'encrypt'].map(
    (name) => make(module, name),
  );
  const shell = openShell(options);
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
    async mapChurn(rounds, count) {
      const inputs = Array.from({ length: count }, () => churnInput(rounds));
      let finished = 0;
      for await (const _ of shell.map(inputs, churn)) finished++;
      if (finished !== count) throw new Error(`map gave ${finished} results of ${count}`);
    },
  };
}
