import { deflateRaw } from 'node:zlib';
import { allocate } from 'padata';
import { echo, noop, spin } from 'padata/functions';
import { aead } from 'padata/pcrypt';
import { echoInput } from '../lib/inputs.mjs';
import { key } from '../lib/packets.mjs';
import { BytesJob, PacketJob, PlainJob } from './padata-jobs.mjs';
import { openShell } from './padata-shell.mjs';
import { promiseLane } from './pool.mjs';

/** @typedef {import('./padata-shell.mjs').Options} Options */

/** @param {import('padata').Shell} shell @returns {import('../lib/types.mjs').Backend} */
function closureBackend(shell) {
  const complete = (/** @type {import('padata').Job} */ job) => shell.doSerial(job);
  return {
    ordered: true,
    noopLane: (done) => new PlainJob(shell, complete, done),
    deflateLane(input, done) {
      const start = (/** @type {BytesJob} */ job) =>
        deflateRaw(input, (error, result) => {
          if (error) throw error;
          job.result = result;
          shell.doSerial(job);
        });
      return new BytesJob(shell, start, input, done);
    },
  };
}

/** @param {import('padata').Shell} shell @param {Options} options @returns {import('../lib/types.mjs').Backend} */
function nativeBackend(shell, { dst, allocated, promises }) {
  const gcm = aead('gcm(aes)', key);
  /** @type {Map<number, ReturnType<typeof spin>>} */
  const spins = new Map();
  const spinFor = (/** @type {number} */ nanoseconds) => {
    const known = spins.get(nanoseconds) ?? spin(nanoseconds);
    spins.set(nanoseconds, known);
    return known;
  };
  const runNoop = () => shell.run(noop, undefined);
  return {
    ordered: true,
    shell,
    noopLane: (done) => (promises ? promiseLane(runNoop, undefined, done) : new PlainJob(shell, noop, done)),
    spinLane: (nanoseconds, done) => new PlainJob(shell, spinFor(nanoseconds), done),
    echoLane: (size, done) => new BytesJob(shell, echo, echoInput(size), done),
    allocate: allocated ? allocate : undefined,
    allocateResult: allocated ? allocate : dst ? (size) => new Uint8Array(size) : undefined,
    packetLane: (next, done) => new PacketJob(shell, gcm.encrypt, next, done),
    async mapSpin(nanoseconds, count) {
      const inputs = Array.from({ length: count });
      let finished = 0;
      for await (const _ of shell.map(inputs, spinFor(nanoseconds))) finished++;
      if (finished !== count) throw new Error(`map gave ${finished} results of ${count}`);
    },
  };
}

/** @param {Options} options */
export async function open(options) {
  const shell = openShell(options);
  return options.closure ? closureBackend(shell) : nativeBackend(shell, options);
}
