import { needed, throughput } from '../lib/drivers.mjs';
import { packetSizes, packetSource } from '../lib/packets.mjs';
import { threads } from '../lib/threads.mjs';

/** @typedef {import('../lib/types.mjs').Contender} Contender */

/** Numbers of CPUs: powers of two, as many as there are. */
export const counts = [1, 2, 4, 8, 16].filter((count) => count <= threads);
const spinNs = 10_000;
const packetsInFlight = 256;

/** @param {string} what @param {(count: number) => Partial<Contender>} make @returns {Contender[]} */
const curve = (what, make) =>
  counts.map((count) => ({ name: `${what}, ${count} CPU${count > 1 ? 's' : ''}`, ...make(count) }));

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'scaling',
  title: `Ordered jobs by the CPUs of the parallel mask, or workers: no-op, 10 us, AES-256-GCM on 1420 bytes`,
  metrics: { noop: 'jobs/s', spin: 'jobs/s', p1420: 'packets/s' },
  contenders: [
    ...curve('padata', (count) => ({ backend: 'padata', options: { cpus: count } })),
    ...curve('padata, module function', (count) => ({ backend: 'padata-module', options: { cpus: count } })),
    ...curve('tinypool, 64 per worker', (count) => ({
      backend: 'tinypool',
      options: { workers: count, concurrentTasksPerWorker: 64 },
    })),
    ...curve('worker_threads', (count) => ({ backend: 'worker-threads', options: { workers: count } })),
    ...curve('bare EVP loop', (count) => ({
      program: 'evp_loop',
      args: ['--threads', `${count}`, '--packets', `${packetsInFlight}`, '--only', 'p1420'],
    })),
  ],

  async measure(backend, { settings, contender }) {
    const noopLane = needed(backend, 'noopLane');
    const spinLane = needed(backend, 'spinLane');
    const ms = settings.measuredMs;
    await throughput(noopLane, 1024, settings.warmUpMs);
    const noop = await throughput(noopLane, 1024, ms);
    const spin = await throughput((done) => spinLane(spinNs, done), 1024, ms);
    if (contender.backend !== 'padata') return { noop, spin };
    const packetLane = needed(backend, 'packetLane');
    const next = packetSource(packetsInFlight, packetSizes.p1420);
    await throughput((done) => packetLane(next, done), packetsInFlight, settings.warmUpMs);
    return { noop, spin, p1420: await throughput((done) => packetLane(next, done), packetsInFlight, ms) };
  },

  checks: [],
};
