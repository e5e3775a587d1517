import { padata } from '../lib/contenders.mjs';
import { throughput } from '../lib/drivers.mjs';
import { expectedResult, packetSize, packetSource } from '../lib/packets.mjs';
import { best } from '../lib/statistics.mjs';

/** @typedef {import('../lib/types.mjs').Backend} Backend */
/** @typedef {import('../lib/types.mjs').Contender} Contender */
/** @typedef {import('../lib/types.mjs').Packet} Packet */

/** A ring of buffers, each used again when its result is there: as many as a network card's driver has by default. */
const inFlight = 256;
const distinct = inFlight;
const warmUpMs = 1000;
const measuredMs = 600;

/** With results in new memory, and in buffers that are used again. @type {Contender[]} */
const ours = [
  ...padata,
  ...padata.map(({ name, backend, options }) => ({
    name: `${name}, dst`,
    backend,
    options: { ...options, dst: true },
  })),
];
/** @type {Contender} */
const mainThread = { name: 'node:crypto, main thread', backend: 'node-crypto' };
/** @type {Contender} */
const piscina = { name: 'piscina, default options', backend: 'piscina' };
/** @type {Contender[]} */
const tunedPiscina = [64, 512].map((n) => ({
  name: `piscina, ${n} per worker`,
  backend: 'piscina',
  options: { concurrentTasksPerWorker: n },
}));

/** @param {number} threads @param {number} packets */
const evpLoop = (threads, packets) => ({
  name: `bare EVP loop, ${threads} thread${threads > 1 ? 's' : ''}, ${packets > 1 ? 'distinct packets' : 'one hot packet'}`,
  program: 'evp_loop',
  env: { EVP_LOOP: `threads=${threads} packets=${packets} size=${packetSize} ms=${measuredMs}` },
});
const roof = evpLoop(2, distinct);

/** Compares the first results, and their order where the backend keeps one. @param {NonNullable<Backend['packetLane']>} packetLane */
async function checkResults(packetLane, ordered = true) {
  const next = packetSource(64);
  const packets = Array.from({ length: 64 }, () => ({ ...next() }));
  let finished = 0;
  const check = (/** @type {Packet} */ packet) =>
    new Promise((resolve, reject) => {
      const seqNr = packets.indexOf(packet);
      const lane = packetLane(
        () => packet,
        (_, result) => {
          if (ordered && finished++ !== seqNr) reject(new Error(`packet ${seqNr} came out of order`));
          if (!expectedResult(packet).equals(result))
            reject(new Error(`packet ${seqNr} has a wrong ciphertext or tag`));
          resolve(undefined);
        },
      );
      lane.submit();
    });
  await Promise.all(packets.map(check));
}

/** Packets per second on the calling thread. @param {NonNullable<Backend['encryptNow']>} encrypt @param {number} ms */
function loop(encrypt, ms) {
  const next = packetSource(distinct);
  const begin = performance.now();
  let count = 0;
  let bytes = 0;
  let now = begin;
  for (; now - begin < ms; now = performance.now()) {
    for (let i = 0; i < 64; i++) {
      const { text, tag } = encrypt(next());
      bytes += text.length + tag.length;
    }
    count += 64;
  }
  if (bytes !== count * (packetSize + 16)) throw new Error('results of a wrong size');
  return (count * 1000) / (now - begin);
}

/** Packets per second with many in flight. @param {NonNullable<Backend['packetLane']>} packetLane @param {number} ms */
async function pipeline(packetLane, ms) {
  const next = packetSource(distinct);
  let wrong = 0;
  const rate = await throughput(
    (done) =>
      packetLane(next, (lane, result) => {
        if (result.length !== packetSize + 16) wrong++;
        done(lane);
      }),
    inFlight,
    ms,
  );
  if (wrong > 0) throw new Error(`${wrong} results of a wrong size`);
  return rate;
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'aead',
  title: `AES-256-GCM on ${packetSize}-byte packets, plaintext and result as JavaScript sees them, ${inFlight} in flight`,
  metrics: { jobsPerSecond: 'packets/s' },
  contenders: [...ours, mainThread, piscina, ...tunedPiscina, roof, evpLoop(2, 1), evpLoop(1, distinct)],

  async measure({ encryptNow, packetLane, ordered }) {
    if (encryptNow) {
      loop(encryptNow, warmUpMs);
      return { jobsPerSecond: loop(encryptNow, measuredMs) };
    }
    if (!packetLane) throw new Error('this backend encrypts no packets');
    await checkResults(packetLane, ordered);
    await pipeline(packetLane, warmUpMs);
    return { jobsPerSecond: await pipeline(packetLane, measuredMs) };
  },

  checks: [
    against('node:crypto on the main thread', [mainThread], 10),
    against('piscina as it comes', [piscina], 40),
    against('two pinned threads in a bare EVP loop', [roof], 0.5),
  ],
};

/**
 * @param {string} name
 * @param {Contender[]} rivals
 * @param {number} bar
 * @returns {import('../lib/types.mjs').Check}
 */
function against(name, rivals, bar) {
  return {
    title: `padata against ${name}`,
    must: 'at least',
    bar,
    unit: 'x',
    value: (medians) =>
      best(medians, ours, 'jobsPerSecond', 'highest') / best(medians, rivals, 'jobsPerSecond', 'highest'),
  };
}
