import { Piscina } from 'piscina';
import { key } from '../lib/packets.mjs';
import { noopLanes } from './promises.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open(options) {
  const pool = new Piscina({
    filename: new URL('./workers/piscina.mjs', import.meta.url).href,
    minThreads: 2,
    maxThreads: 2,
    recordTiming: false,
    workerData: { key },
    ...options,
  });
  const encrypt = { name: 'encrypt' };
  return {
    ordered: false,
    noopLane: noopLanes(() => pool.run(undefined)),
    packetLane: (next, done) => {
      const complete = (/** @type {Uint8Array} */ result) => done(lane, result);
      const lane = { submit: () => void pool.run(next(), encrypt).then(complete) };
      return lane;
    },
  };
}
