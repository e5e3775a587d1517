/**
 * Loads addon/evp_loop.cc, which does the rest, and tells it what to measure: node evp_loop.mjs --sizes JSON --threads N --packets N
 * [--take N] [--only METRIC]. Each metric takes BENCH_MS milliseconds (300 by default).
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '{}' },
    threads: { type: 'string', default: '1' },
    packets: { type: 'string', default: '256' },
    take: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
});
/** @type {[string, number[]][]} */
const all = Object.entries(JSON.parse(values.sizes));
const runs = all.filter(([metric]) => values.only === undefined || metric === values.only);
process.env.EVP_LOOP = [
  `threads=${values.threads} packets=${values.packets} take=${values.take} ms=${process.env.BENCH_MS ?? 300}`,
  ...runs.map(([metric, sizes]) => `${metric}=${sizes.join(',')}`),
].join(' ');
process.dlopen({ exports: {} }, fileURLToPath(new URL('../../native/build/release/evp_loop.node', import.meta.url)));
