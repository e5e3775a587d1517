/**
 * A load of ordered jobs: several shells, of which each keeps a few jobs in flight without end, and checks that they come back once
 * and in order. Three have closures for serial(), the fourth a native serial() on the threads padata/sN.
 */
const { nativeFunction } = require('padata');
const { crc32, noop, spin } = require('padata/functions');
const { beginnings } = require('../../fixtures/native-addon/build/Release/fixture.node');

const WINDOW = 8;
const TOP_UP_MS = 10;
const BYTES = Buffer.from('123456789');
const CRC = 0xcbf43926;

/** Notes of the fixture's `beginnings`. */
function takeNotes(from) {
  const buffer = from.take();
  const notes = [];
  for (let at = 0; at < buffer.length; at += 40) {
    const [cpu, cbCpu, runningCpu, seqNr, ns] = [0, 8, 16, 24, 32].map((offset) => buffer.readDoubleLE(at + offset));
    notes.push({ cpu, cbCpu, runningCpu, seqNr, ns });
  }
  return notes;
}

/** A shell whose serial() is a closure. */
class ClosureLane {
  submitted = 0;
  delivered = 0;
  #shell;
  #next;
  #load;

  constructor(load, shell, fn, data, result) {
    this.#load = load;
    this.#shell = shell;
    this.#next = (seq) => ({ parallel: fn, data, seq, serial: (job) => this.#serial(job, result) });
  }

  topUp() {
    while (this.#shell.pending < WINDOW && this.#load.submit(this.#shell, this.#next(this.submitted))) this.submitted++;
  }

  check() {}

  #serial(job, result) {
    if (job.seq !== this.delivered) this.#load.fail(`serial() of job ${job.seq}, and ${this.delivered} was due`);
    if (job.error) this.#load.fail(`job ${job.seq}: ${job.error}`);
    if (job.result !== result) this.#load.fail(`job ${job.seq} came to ${job.result}`);
    this.delivered = job.seq + 1;
    // Half of the load resubmits at once, and half with the timer: a loop that never sleeps would leave emulated CPUs no time.
    if (job.seq % 2 === 0) this.topUp();
  }
}

/** A shell whose serial() is native. */
class NativeLane {
  submitted = 0;
  delivered = 0;
  #shell;
  #load;
  #notes = beginnings();
  #last = new Map();
  #job;

  constructor(load, shell) {
    this.#load = load;
    this.#shell = shell;
    this.#job = { parallel: noop, serial: nativeFunction(this.#notes.fn) };
  }

  topUp() {
    while (this.#shell.pending < WINDOW && this.#load.submit(this.#shell, { ...this.#job })) this.submitted++;
    this.check();
  }

  check() {
    for (const { cbCpu, seqNr } of takeNotes(this.#notes)) {
      const last = this.#last.get(cbCpu) ?? -1;
      if (seqNr <= last) this.#load.fail(`native serial() of job ${seqNr} after ${last} on CPU ${cbCpu}`);
      this.#last.set(cbCpu, seqNr);
      this.delivered++;
    }
  }
}

class Load {
  /** Submissions that were refused with EINVAL, as they are while the instance is invalid. */
  refused = 0;
  #failures = [];
  #padata;
  #lanes;
  #timer;

  constructor(padata) {
    this.#padata = padata;
    const shell = () => padata.createShell();
    this.#lanes = [
      new ClosureLane(this, shell(), noop),
      new ClosureLane(this, shell(), spin(200_000)),
      new ClosureLane(this, shell(), crc32, BYTES, CRC),
      new NativeLane(this, shell()),
    ];
  }

  start() {
    this.#timer = setInterval(() => {
      for (const lane of this.#lanes) lane.topUp();
    }, TOP_UP_MS);
  }

  /** @returns whether the job was accepted */
  submit(shell, job) {
    if (this.#timer === undefined) return false;
    const before = this.#padata.state;
    try {
      shell.doParallel(job);
      return true;
    } catch (error) {
      // The state changes on a thread of its own, so that it may be another one by now than when the job was refused.
      const states = [before, this.#padata.state];
      if (error.code === 'EINVAL' && states.includes('invalid')) this.refused++;
      else if (error.code !== 'EBUSY') this.fail(`doParallel while ${states.join(', then ')}: ${error}`);
      return false;
    }
  }

  fail(what) {
    if (this.#failures.length < 5) this.#failures.push(what);
  }

  /** Submits no more, waits for what is outstanding, and throws if anything was lost or came out of order. Returns the number of jobs. */
  async stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#padata.close();
    const counts = this.#lanes.map((lane) => {
      lane.check();
      if (lane.submitted !== lane.delivered) this.fail(`${lane.submitted} jobs submitted, ${lane.delivered} delivered`);
      if (lane.submitted === 0) this.fail('a shell had no load');
      return lane.delivered;
    });
    if (this.#failures.length !== 0) throw new Error(this.#failures.join('; '));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

module.exports = { Load, takeNotes };
