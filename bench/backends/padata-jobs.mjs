/**
 * The jobs of padata: each is its own lane, for any object with parallel and serial will do.
 */

/** @typedef {import('../lib/types.mjs').Done<any>} Done */
/** @typedef {import('../lib/types.mjs').Packet} Packet */
/** @typedef {import('padata').Job['parallel']} Parallel */
/** @typedef {import('padata').Shell} Shell */

/** A job without input and without a result. */
export class PlainJob {
  /** @param {Shell} shell @param {Parallel} parallel @param {Done} serial */
  constructor(shell, parallel, serial) {
    this.shell = shell;
    this.parallel = parallel;
    this.serial = serial;
  }

  submit() {
    this.shell.doParallel(this);
  }
}

/** A job with the same input again and again; what it is and what comes of it is up to parallel(). */
export class BytesJob {
  /** @param {Shell} shell @param {Parallel} parallel @param {unknown} data @param {Done} done */
  constructor(shell, parallel, data, done) {
    this.shell = shell;
    this.parallel = parallel;
    this.data = data;
    this.done = done;
    /** @type {unknown} */
    this.result = undefined;
    /** @type {Error | undefined} */
    this.error = undefined;
  }

  /** @param {BytesJob} job */
  serial(job) {
    if (job.error !== undefined) throw job.error;
    job.done(job, job.result);
  }

  submit() {
    this.shell.doParallel(this);
  }
}

/** Encrypts whatever next() gives. */
export class PacketJob {
  /**
   * @param {Shell} shell
   * @param {import('padata').NativeFunction<Packet, Uint8Array>} parallel
   * @param {() => Packet} next
   * @param {Done} done
   */
  constructor(shell, parallel, next, done) {
    this.shell = shell;
    this.parallel = parallel;
    this.next = next;
    this.done = done;
    /** @type {Packet | undefined} */
    this.data = undefined;
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
    this.data = this.next();
    this.shell.doParallel(this);
  }
}
