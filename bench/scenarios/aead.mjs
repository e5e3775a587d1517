import { mainThread, moduleFunctions, native } from '../lib/contenders.mjs';
import { needed, throughput } from '../lib/drivers.mjs';
import { expectedResult, packetSizes, packetSource } from '../lib/packets.mjs';
import { ratioCheck } from '../lib/statistics.mjs';
import { threads } from '../lib/threads.mjs';

/** @typedef {import('../lib/types.mjs').Backend} Backend */
/** @typedef {import('../lib/types.mjs').Contender} Contender */
/** @typedef {import('../lib/types.mjs').Packet} Packet */

/** A ring of buffers, each used again when its result is there: as many as a network card's driver has by default. */
const inFlight = 256;

/** With results in new memory, in buffers that are used again, and with all buffers from allocate(). @type {Contender[]} */
const ours = [
  ...native,
  ...native.map((contender) => ({
    ...contender,
    name: `${contender.name}, dst`,
    options: { ...contender.options, dst: true },
    thorough: true,
  })),
  ...native.map((contender) => ({
    ...contender,
    name: `${contender.name}, allocate()`,
    options: { ...contender.options, allocated: true },
  })),
];
/** @type {Contender} */
const nodeCrypto = { ...mainThread, name: 'node:crypto, main thread', backend: 'node-crypto', role: 'peer' };
/** @type {Contender} */
const webCrypto = { name: "crypto.subtle, node's thread pool", backend: 'node-pool' };
/** @type {Contender} */
const piscina = { name: 'piscina, default options', backend: 'piscina' };
/** @type {Contender[]} */
const tunedPiscina = [64, 512].map((n) => ({
  name: `piscina, ${n} per worker`,
  backend: 'piscina',
  options: { concurrentTasksPerWorker: n },
  thorough: n !== 64,
}));

/** @param {number} count @param {number} packets @param {boolean} thorough @returns {Contender} */
const evpLoop = (count, packets, thorough) => ({
  name: `bare EVP loop, ${count} thread${count > 1 ? 's' : ''}, ${packets > 1 ? 'distinct packets' : 'one hot packet'}`,
  program: 'evp_loop',
  args: ['--threads', `${count}`, '--packets', `${packets}`],
  thorough,
});
const roof = evpLoop(threads, inFlight, false);
/** What is lost before any job is one: a result was written last by whichever CPU was free. @type {Contender} */
const shared = {
  name: `bare EVP loop, ${threads} threads, one ring for whoever is free`,
  program: 'evp_loop',
  args: ['--threads', `${threads}`, '--packets', `${inFlight}`, '--take', '10'],
};
/** @type {Contender} */
const opensslSpeed = {
  name: `openssl speed, ${threads} processes, libcrypto of the system`,
  program: 'openssl_speed',
  args: ['--threads', `${threads}`],
};

/** Compares the first results, and their order. @param {Backend} backend @param {number[]} sizes */
async function checkResults(backend, sizes) {
  const packetLane = needed(backend, 'packetLane');
  const next = packetSource(64, sizes, backend);
  const packets = Array.from({ length: 64 }, () => ({ ...next() }));
  let finished = 0;
  const check = (/** @type {Packet} */ packet) =>
    new Promise((resolve, reject) => {
      const seqNr = packets.indexOf(packet);
      const lane = packetLane(
        () => packet,
        (_, result) => {
          if (finished++ !== seqNr) reject(new Error(`packet ${seqNr} came out of order`));
          if (!expectedResult(packet).equals(result))
            reject(new Error(`packet ${seqNr} has a wrong ciphertext or tag`));
          resolve(undefined);
        },
      );
      lane.submit();
    });
  await Promise.all(packets.map(check));
}

/** Packets per second on the calling thread. @param {NonNullable<Backend['encryptNow']>} encrypt @param {number[]} sizes @param {number} ms */
function loop(encrypt, sizes, ms) {
  const next = packetSource(inFlight, sizes);
  const begin = performance.now();
  let count = 0;
  let now = begin;
  for (; now - begin < ms; now = performance.now()) {
    for (let i = 0; i < 64; i++) {
      const packet = next();
      const { text, tag } = encrypt(packet);
      if (text.length + tag.length !== packet.data.length + 16) throw new Error('a result of a wrong size');
    }
    count += 64;
  }
  return (count * 1000) / (now - begin);
}

/** Packets per second with many in flight. @param {Backend} backend @param {number[]} sizes @param {number} ms */
async function pipeline(backend, sizes, ms) {
  const packetLane = needed(backend, 'packetLane');
  const next = packetSource(inFlight, sizes, backend);
  let sent = 0; // both modulo 2^32: larger numbers would be objects, a new one each time
  let received = 0;
  const counted = () => {
    const packet = next();
    sent = (sent + packet.data.length + 16) | 0;
    return packet;
  };
  const rate = await throughput(
    (done) =>
      packetLane(counted, (lane, result) => {
        received = (received + result.length) | 0;
        done(lane, result);
      }),
    inFlight,
    ms,
  );
  if (sent !== received) throw new Error('results of a wrong size');
  return rate;
}

/** @type {import('../lib/types.mjs').Scenario} */
export default {
  name: 'aead',
  title: `AES-256-GCM packets by size, plaintext and result as JavaScript sees them, in order, ${inFlight} in flight`,
  metrics: Object.fromEntries(Object.keys(packetSizes).map((metric) => [metric, 'packets/s'])),
  contenders: [
    ...ours,
    ...moduleFunctions.filter(({ options }) => options?.promises),
    nodeCrypto,
    webCrypto,
    piscina,
    ...tunedPiscina,
    roof,
    shared,
    evpLoop(threads, 1, true),
    evpLoop(1, inFlight, false),
    opensslSpeed,
  ],

  async measure(backend, { settings }) {
    const { encryptNow } = backend;
    const run = (/** @type {number[]} */ sizes, /** @type {number} */ ms) =>
      encryptNow ? loop(encryptNow, sizes, ms) : pipeline(backend, sizes, ms);
    if (!encryptNow) await checkResults(backend, packetSizes.imix);
    await run(packetSizes.p1420, settings.warmUpMs * 2);
    /** @type {Record<string, number>} */
    const metrics = {};
    for (const [metric, sizes] of Object.entries(packetSizes)) {
      await run(sizes, settings.warmUpMs / 4);
      metrics[metric] = await run(sizes, settings.measuredMs);
    }
    return metrics;
  },

  checks: [
    against('node:crypto on the main thread', [nodeCrypto], 'p1420', 10),
    against('piscina as it comes', [piscina], 'p1420', 40),
    against('pinned threads in a bare EVP loop', [roof], 'p1420', 0.5),
    against('pinned threads in a bare EVP loop', [roof], 'p1420', 0.7),
    against('pinned threads in a bare EVP loop', [roof], 'p9000', 0.85),
  ],
};

/** @param {string} name @param {Contender[]} theirs @param {string} metric @param {number} bar */
function against(name, theirs, metric, bar) {
  return ratioCheck({
    title: `${metric.slice(1)} bytes: padata against ${name}`,
    ours,
    theirs,
    metric,
    must: 'at least',
    bar,
  });
}
