import Tinypool from 'tinypool';
import { noopLanes } from './promises.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open(options) {
  const pool = new Tinypool({
    filename: new URL('./workers/piscina.mjs', import.meta.url).href,
    minThreads: 2,
    maxThreads: 2,
    ...options,
  });
  return { ordered: false, noopLane: noopLanes(() => pool.run(undefined)) };
}
