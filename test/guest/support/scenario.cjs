/**
 * What all scenarios have in common: an instance under load, waiting with a limit, and a line on standard output, `ok NAME: …` or
 * `not ok NAME: …`, by which test/guest/run.mjs knows what happened.
 *
 * Options on the command line: `--seed NUMBER` and `--rounds NUMBER`.
 */
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { Padata } = require('padata');
const { Load } = require('./load.cjs');
const machine = require('./machine.cjs');

/** What the product promises, on a machine of any speed that emulation may have. */
const NOTICED_MS = 2000;
/** A re-read that is so far away leaves the uevents alone to be noticed by. */
const FAR_AWAY_MS = 60_000;

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    rounds: { type: 'string' },
  },
});

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Times in milliseconds, summed up for the report. */
class Times {
  #all = [];
  add(ms) {
    this.#all.push(ms);
  }
  get most() {
    return Math.max(...this.#all);
  }
  toString() {
    const ordered = [...this.#all].sort((a, b) => a - b);
    if (ordered.length === 0) return 'never';
    const ms = (at) => `${Math.round(ordered[at])}`;
    return `${ms(ordered.length >> 1)} ms in the median, ${ms(ordered.length - 1)} ms at most (${ordered.length} times)`;
  }
}

class Scenario {
  padata;
  load;
  seed = Number(options.seed);
  random = randomOf(Number(options.seed));
  rounds = options.rounds === undefined ? undefined : Number(options.rounds);
  events = 0;
  #last;
  #limit;

  /** @param checkMs the time between re-reads, where they are what a change is noticed by; without it, uevents must do */
  constructor({ checkMs } = {}) {
    this.#limit = NOTICED_MS + (checkMs ?? 0);
    this.padata = new Padata('guest', { cpuCheckMs: checkMs ?? FAR_AWAY_MS });
    this.#last = this.padata.usable;
    this.padata.on('cpumask', (change) => this.#onChange(change));
    this.load = new Load(this.padata);
    this.load.start();
  }

  /** Waits until `isSo()` holds, and returns how long that took, in milliseconds. It is asked at each event, and often. */
  async until(what, isSo, limit = this.#limit) {
    const start = performance.now();
    for (;;) {
      const so = isSo();
      const ms = performance.now() - start;
      if (so === true) return ms;
      if (ms > limit) throw new Error(`not after ${Math.round(ms)} ms: ${what}${so ? ` (${so})` : ''}`);
      await this.#nextLook();
    }
  }

  usable(cpu, isUsable, limit) {
    const what = `CPU ${cpu} is ${isUsable ? '' : 'not '}usable`;
    return this.until(what, () => this.padata.usable.parallel.has(cpu) === isUsable, limit);
  }

  /** Waits until the masks are what the machine says, and every thread of a usable CPU is pinned to it; then they must stay so. */
  async settled(limit = this.#limit) {
    const isSettled = () => this.wrongMasks() ?? this.misplaced() ?? true;
    const ms = await this.until('masks and pins are right', isSettled, limit);
    await sleep(200);
    if (isSettled() !== true) throw new Error(`masks and pins were right, and 200 ms later: ${isSettled()}`);
    return ms;
  }

  wrongMasks() {
    const { padata } = this;
    const now = machine.onlineCpus().and(machine.allowedCpus());
    for (const type of ['parallel', 'serial']) {
      const right = padata.cpumask[type].and(now);
      if (!padata.usable[type].equals(right))
        return `usable.${type} is ${padata.usable[type].toList()}, not ${right.toList()}`;
    }
    return undefined;
  }

  misplaced() {
    const { parallel, serial } = this.padata.usable;
    const wrong = machine
      .padataThreads()
      .filter(({ kind, cpu }) => (kind === 'p' ? parallel : serial).has(cpu))
      .filter(({ cpu, allowed }) => allowed !== String(cpu))
      .map(({ kind, cpu, allowed }) => `padata/${kind}${cpu} may run on ${allowed}`);
    return wrong.length === 0 ? undefined : wrong.join(', ');
  }

  #onChange({ before, after }) {
    this.events++;
    for (const type of ['parallel', 'serial']) {
      if (!before[type].equals(this.#last[type]))
        this.load.fail(`a 'cpumask' event begins with another ${type} mask than the last ended`);
    }
    this.#last = after;
  }

  async #nextLook() {
    let wake;
    const event = new Promise((resolve) => {
      wake = resolve;
    });
    this.padata.once('cpumask', wake);
    await Promise.race([event, sleep(10)]);
    this.padata.off('cpumask', wake);
  }
}

/** Runs one scenario in this process. `body` gets a function that makes the Scenario, and returns what is to be reported. */
async function scenario(name, body) {
  const start = performance.now();
  let made;
  try {
    await machine.allOnline();
    const counted = await body((how) => {
      made = new Scenario(how);
      return made;
    });
    const jobs = await made.load.stop();
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`ok ${name}: ${counted}; ${jobs} jobs, ${made.events} 'cpumask' events, ${seconds} s`);
  } catch (error) {
    console.log(`not ok ${name}: ${error.message} (seed ${options.seed})`);
    if (!(error instanceof Error) || error.constructor !== Error) console.log(error);
    process.exitCode = 1;
  }
  await machine.allOnline();
  process.exit(); // an instance that failed may keep the process alive
}

module.exports = { scenario, Times, sleep };
