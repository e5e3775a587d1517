import { inflateRawSync } from 'node:zlib';
import { busyPeers, closure, mainThread, moduleFunctions } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';

const size = 16_384;
const inFlight = 64;

/** Text that compresses about as well as logs do. */
function text() {
  let seed = 1;
  const words = Array.from({ length: 400 }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed % 46_656).toString(36);
  });
  let all = '';
  while (all.length < size) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    all += `${words[(seed >>> 8) % words.length]} `;
  }
  return new Uint8Array(Buffer.from(all.slice(0, size)));
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'compress',
  title: 'Raw deflate of 16 KiB of text, in order, 64 in flight',
  metrics: { jobsPerSecond: 'jobs/s' },
  contenders: [
    { ...closure, role: 'padata', name: "padata, closure over node:zlib's thread pool" },
    ...moduleFunctions,
    { name: 'node:zlib, its own thread pool', backend: 'node-pool' },
    ...busyPeers.filter(({ thorough }) => !thorough),
    mainThread,
  ],

  async measure(backend, { settings }) {
    const deflateLane = needed(backend, 'deflateLane');
    const input = text();
    let wrong = 0;
    let looked = 0;
    const run = (/** @type {number} */ ms) =>
      throughput(
        (done) =>
          deflateLane(input, (lane, result) => {
            if (looked++ < 8 && Buffer.compare(inflateRawSync(result), input) !== 0) wrong++;
            done(lane, result);
          }),
        inFlight,
        ms,
      );
    await run(settings.warmUpMs);
    const jobsPerSecond = await run(settings.measuredMs * 2);
    if (wrong > 0) throw new Error(`${wrong} results do not inflate to what was sent`);
    return { jobsPerSecond };
  },

  checks: [],
};
