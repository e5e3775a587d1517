/**
 * What a user of a pool would have to write to get results in the order of submission: each job has a sequence number, and what
 * is complete before its turn waits in a ring.
 */

/** @typedef {import('./types.mjs').Backend} Backend */
/** @typedef {import('./types.mjs').Done} Done */
/** @typedef {import('./types.mjs').Lane} Lane */

class OrderedLane {
  /** @param {ReorderBuffer} buffer @param {Done} done */
  constructor(buffer, done) {
    this.buffer = buffer;
    this.done = done;
    this.seqNr = 0;
    /** @type {unknown} */
    this.result = undefined;
    /** @type {Lane | undefined} */
    this.inner = undefined;
  }

  submit() {
    this.seqNr = this.buffer.submitted++;
    /** @type {Lane} */ (this.inner).submit();
  }
}

export class ReorderBuffer {
  /** @type {(OrderedLane | undefined)[]} */
  #complete = [];
  #mask = 0;
  #lanes = 0;
  #delivered = 0;
  submitted = 0;

  /** A lane whose `done` is called in its turn. @param {(done: Done) => Lane} make @param {Done} done @returns {Lane} */
  lane(make, done) {
    if (++this.#lanes > this.#mask) this.#grow();
    const lane = new OrderedLane(this, done);
    lane.inner = make((_, result) => {
      lane.result = result;
      this.#completed(lane);
    });
    return lane;
  }

  /** There is at most one job for each lane. The ring is replaced while nothing waits in it, or entry by entry. */
  #grow() {
    const waiting = this.#complete.filter((lane) => lane !== undefined);
    this.#mask = Math.max(1023, this.#mask * 2 + 1);
    this.#complete = new Array(this.#mask + 1).fill(undefined);
    for (const lane of waiting) this.#complete[lane.seqNr & this.#mask] = lane;
  }

  /** @param {OrderedLane} lane */
  #completed(lane) {
    this.#complete[lane.seqNr & this.#mask] = lane;
    while (true) {
      const at = this.#delivered & this.#mask;
      const next = this.#complete[at];
      if (next === undefined) return;
      this.#complete[at] = undefined;
      this.#delivered++;
      next.done(next, next.result);
    }
  }
}

/**
 * The same backend, with all its lanes in one order.
 *
 * @param {Backend} backend
 * @returns {Backend}
 */
export function inOrder(backend) {
  const buffer = new ReorderBuffer();
  const wrapped = Object.entries(backend).map(([name, make]) => {
    if (!name.endsWith('Lane')) return [name, make];
    return [name, (/** @type {any[]} */ ...args) => buffer.lane((done) => make(...args, done), args.pop())];
  });
  return { ...Object.fromEntries(wrapped), ordered: true };
}
