import { cpus, Padata } from 'padata';
import { noop, spin } from 'padata/functions';
import { aead } from 'padata/pcrypt';
import { key, packetSize } from '../lib/packets.mjs';
import { noopLanes } from './promises.mjs';

/** @typedef {import('../lib/types.mjs').Lane} Lane */
/** @typedef {import('../lib/types.mjs').Packet} Packet */

/**
 * @typedef {object} Options
 * @property {boolean} [leaveFirst] parallel() does not use the first CPU, the event loop may have it
 * @property {boolean} [dst] each packet job writes its results into one buffer of its own, again and again
 * @property {boolean} [promises] no-op jobs by `shell.run()`, as the pools have it, and not by `shell.doParallel()`
 */

/** @param {Options} options */
function openInstance({ leaveFirst }) {
  const allowed = cpus.allowed();
  const first = allowed.first() ?? 0;
  return new Padata('bench', leaveFirst && allowed.weight > 1 ? { parallel: allowed.andNot([first]) } : {});
}

/** The job is the lane: any object with parallel and serial will do. */
class NoopJob {
  /**
   * @param {import('padata').Shell} shell
   * @param {import('padata').NativeFunction<undefined, undefined>} parallel
   * @param {(lane: Lane) => void} serial
   */
  constructor(shell, parallel, serial) {
    this.shell = shell;
    this.parallel = parallel;
    this.serial = serial;
  }

  submit() {
    this.shell.doParallel(this);
  }
}

/** Encrypts whatever next() gives. */
class PacketJob {
  /**
   * @param {import('padata').Shell} shell
   * @param {import('padata').NativeFunction<Packet, Uint8Array>} parallel
   * @param {() => Packet} next
   * @param {(lane: Lane, result: Uint8Array) => void} done
   * @param {Uint8Array | undefined} dst
   */
  constructor(shell, parallel, next, done, dst) {
    this.shell = shell;
    this.parallel = parallel;
    this.next = next;
    this.done = done;
    /** @type {Partial<import('padata/pcrypt').AeadRequest>} */
    this.data = { iv: undefined, aad: undefined, data: undefined, dst };
    /** @type {Uint8Array | undefined} */
    this.result = undefined;
    /** @type {Error | undefined} */
    this.error = undefined;
  }

  /** @param {PacketJob} job */
  serial(job) {
    if (job.result === undefined) throw job.error;
    job.done(job, job.result);
  }

  submit() {
    const { iv, data } = this.next();
    this.data.iv = iv;
    this.data.data = data;
    this.shell.doParallel(this);
  }
}

/**
 * @param {Options} options
 * @returns {Promise<import('../lib/types.mjs').Backend>}
 */
export async function open(options) {
  const shell = openInstance(options).createShell();
  const gcm = aead('gcm(aes)', key);
  /** @type {Map<number, ReturnType<typeof spin>>} */
  const spins = new Map();
  const spinFor = (/** @type {number} */ nanoseconds) => {
    const known = spins.get(nanoseconds) ?? spin(nanoseconds);
    spins.set(nanoseconds, known);
    return known;
  };
  return {
    ordered: true,
    noopLane: options.promises ? noopLanes(() => shell.run(noop, undefined)) : (done) => new NoopJob(shell, noop, done),
    spinLane: (nanoseconds, done) => new NoopJob(shell, spinFor(nanoseconds), done),
    packetLane: (next, done) =>
      new PacketJob(shell, gcm.encrypt, next, done, options.dst ? new Uint8Array(packetSize + 16) : undefined),
  };
}
