import { poolBackend } from './pool.mjs';
import * as functions from './workers/functions.mjs';

/** @type {Record<string, (input: any) => unknown>} */
const known = { ...functions };

/** No pool at all: the main thread calls the function, and goes on in a microtask. @type {import('../lib/types.mjs').OpenBackend} */
export async function open() {
  const backend = poolBackend((name) => {
    const call = known[name];
    return async (input) => call(input);
  });
  return { ...backend, ordered: true };
}
