/**
 * Invariants 1 and 2. padata document, "Running A Job": an accepted job gets exactly one parallel() and one serial();
 * its introduction: "completion in the order of submission". Here over everything that could disturb it.
 */
import { CpuMask, type Job, nativeFunction, Padata, type Shell } from 'padata';
import { echo, noop, spin } from 'padata/functions';
import { afterEach, describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { firstCpu, here, instance, lastCpu, native, shellOf, turns, within } from '../support/padata.js';
import { Random } from '../support/random.js';

/** Counts the calls of jobs of all kinds, and records the order of serial(). */
class Ledger {
  readonly parallelCalls: number[] = [];
  readonly serialCalls: number[] = [];
  readonly order: number[] = [];
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  get submitted(): number {
    return this.serialCalls.length;
  }

  /** A job whose parallel() is a closure that calls `finish` in its own time. */
  closure(finish: (done: () => void) => void): Job {
    const number = this.#begin();
    return {
      parallel: (job: Job) => {
        this.parallelCalls[number]!++;
        finish(() => this.#shell.doSerial(job));
      },
      serial: () => this.#end(number),
    };
  }

  native(parallel: Job['parallel'], data?: Uint8Array, check?: (job: Job) => void): Job {
    const number = this.#begin();
    this.parallelCalls[number] = 1;
    return {
      parallel,
      data,
      serial: (job: Job) => {
        check?.(job);
        this.#end(number);
      },
    };
  }

  #begin(): number {
    this.parallelCalls.push(0);
    return this.serialCalls.push(0) - 1;
  }

  #end(number: number): void {
    this.serialCalls[number]!++;
    this.order.push(number);
  }

  check(): void {
    expect(this.order).toEqual(Array.from({ length: this.submitted }, (_, i) => i));
    expect(this.serialCalls.every((calls) => calls === 1)).toBe(true);
    expect(this.parallelCalls.every((calls) => calls === 1)).toBe(true);
  }
}

const later = native('later');
const fail = native('fail');
const failLater = native('failLater');

/** A job of a random kind, completing at a random time. */
function anyJob(ledger: Ledger, random: Random): Job {
  const kinds: (() => Job)[] = [
    () => ledger.closure((done) => done()),
    () => ledger.closure((done) => setImmediate(done)),
    () => ledger.closure((done) => setTimeout(done, random.below(5))),
    () => ledger.closure((done) => void Promise.resolve().then(done)),
    () =>
      ledger.closure(() => {
        throw new Error('on purpose');
      }),
    () => ledger.native(noop),
    () =>
      ledger.native(echo, Buffer.from([1, 2, 3]), (job) => expect([...(job.result as Uint8Array)]).toEqual([1, 2, 3])),
    () => ledger.native(later, Buffer.from([0xf0]), (job) => expect([...(job.result as Uint8Array)]).toEqual([0x0f])),
    () => ledger.native(fail, Buffer.from([5]), (job) => expect(job.error).toMatchObject({ code: 'EIO' })),
    () => ledger.native(failLater, Buffer.from([1]), (job) => expect(job.error).toMatchObject({ code: 'EPERM' })),
  ];
  return kinds[random.below(kinds.length)]!();
}

describe('invariant 1: exactly one parallel() and exactly one serial()', () => {
  it('calls the functions of a native job once each: the function itself counts', async () => {
    const shell = shellOf();
    const recorder = fixture.recorder();
    const fn = nativeFunction(recorder.fn);
    const jobs = 5000;
    let serialCalls = 0;
    for (let i = 0; i < jobs; i++) shell.doParallel({ parallel: fn, serial: () => serialCalls++ });
    await within(shell.drain(), 'drain');
    const calls = recorder.take();
    expect(serialCalls).toBe(jobs);
    expect(calls.map((call) => call.seqNr).sort((a, b) => a - b)).toEqual(Array.from({ length: jobs }, (_, i) => i));
  });

  it('calls a closure once, and never within doParallel', async () => {
    const shell = shellOf();
    let calls = 0;
    shell.doParallel({
      parallel: (job: Job) => {
        calls++;
        shell.doSerial(job);
        expect(serialCalls).toBe(0); // nor serial() within doSerial
      },
      serial: () => serialCalls++,
    });
    let serialCalls = 0;
    expect(calls).toBe(0);
    await shell.drain();
    await turns();
    expect([calls, serialCalls]).toEqual([1, 1]);
  });
});

describe('invariant 2: serial() in the order of submission', () => {
  const random = new Random();
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(`PADATA_SEED=${random.seed}`);
  });

  it('keeps it over a mix of all kinds of functions and of random completion', async () => {
    const shell = shellOf();
    const ledger = new Ledger(shell);
    for (let i = 0; i < 20_000; i++) {
      shell.doParallel(anyJob(ledger, random));
      if (random.below(500) === 0) await turns(1);
    }
    await within(shell.drain(), 'drain');
    ledger.check();
  });

  it('keeps it in eight shells at once, for jobs of random cost', async () => {
    const padata = instance();
    const costs = [noop, spin(0), spin(1000), spin(20_000)];
    const ledgers = Array.from({ length: 8 }, () => {
      const shell = padata.createShell();
      return { shell, ledger: new Ledger(shell) };
    });
    for (let i = 0; i < 40_000; i++) {
      const { shell, ledger } = ledgers[random.below(8)]!;
      shell.doParallel(ledger.native(costs[random.below(40) === 0 ? 3 : random.below(3)]!));
    }
    await within(Promise.all(ledgers.map(({ shell }) => shell.drain())), 'drain');
    for (const { ledger } of ledgers) ledger.check();
  });

  it('keeps it while the cpumasks are changed continuously from the callbacks of another shell', async () => {
    const padata = instance();
    const other = padata.createShell();
    const masks = [here, [firstCpu], [lastCpu], here, []];
    let changes = 0;
    let isOver = false;
    const change = () => {
      if (isOver) return padata.setCpumask('parallel', here);
      padata.setCpumask('parallel', masks[changes++ % masks.length]!);
      if (changes % masks.length === 0) padata.setCpumask('parallel', here);
      if (changes % 3 === 0) padata.setCpumask('serial', changes % 2 === 0 ? here : [lastCpu]);
      if (padata.state !== 'running') padata.setCpumask('parallel', [firstCpu]);
      other.doParallel({ parallel: noop, serial: change });
    };
    other.doParallel({ parallel: noop, serial: change });

    const shells = Array.from({ length: 4 }, () => padata.createShell());
    const ledgers = shells.map((shell) => new Ledger(shell));
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 200; i++) {
        const at = random.below(4);
        shells[at]!.doParallel(anyJob(ledgers[at]!, random));
      }
      await turns(1);
    }
    await within(Promise.all(shells.map((shell) => shell.drain())), 'drain');
    isOver = true;
    await within(other.drain(), 'drain');
    for (const ledger of ledgers) ledger.check();
    expect(changes).toBeGreaterThan(20);
  });

  it('overlooks no completion: a few jobs at a time, completed by several threads at once', async () => {
    const shell = shellOf();
    const ledger = new Ledger(shell);
    const kinds = [noop, later, native('nothing'), spin(500)];
    for (let round = 0; round < 4000; round++) {
      for (let i = 0; i < 2 + (round % 4); i++) {
        const parallel = kinds[random.below(kinds.length)]!;
        shell.doParallel(ledger.native(parallel, parallel === later ? Buffer.from([1]) : undefined));
      }
      await within(shell.drain(), 'drain');
    }
    ledger.check();
  });

  it('keeps it over stop and start', async () => {
    const padata = instance();
    const shell = padata.createShell();
    const ledger = new Ledger(shell);
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100; i++) shell.doParallel(anyJob(ledger, random));
      padata.stop();
      if (round % 3 === 0) await turns(2);
      expect(() => shell.doParallel({ parallel: noop, serial() {} })).toThrow(/EINVAL/);
      padata.start();
    }
    await within(shell.drain(), 'drain');
    ledger.check();
  });

  it('calls native serial() in order for each cb_cpu', async () => {
    const shell = shellOf();
    const recorder = fixture.recorder();
    const serial = nativeFunction(recorder.fn);
    const chosen: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      const parallel = [noop, later, fail][random.below(3)]!;
      const data = parallel === later ? Buffer.from([i & 255]) : undefined;
      chosen.push(shell.doParallel({ parallel, data, serial }, here[random.below(here.length)]));
    }
    await within(shell.drain(), 'drain');
    const calls = recorder.take();
    expect(calls.length).toBe(10_000);
    for (const cpu of CpuMask.from(chosen)) {
      const wanted = chosen.flatMap((of, seqNr) => (of === cpu ? [seqNr] : []));
      const own = calls.filter((call) => call.cbCpu === cpu);
      expect(own.map((call) => call.seqNr)).toEqual(wanted);
      expect(own.every((call) => call.runningCpu === cpu)).toBe(true);
    }
  });

  it('delivers closures behind a native serial() when that has returned', async () => {
    const shell = shellOf();
    const gate = fixture.gate();
    const order: string[] = [];
    shell.doParallel({ parallel: noop, serial: () => order.push('first') });
    shell.doParallel({ parallel: noop, serial: nativeFunction(gate.fn) });
    shell.doParallel({ parallel: noop, serial: () => order.push('third') });
    while (gate.counts().waiting === 0) await turns(1);
    await turns();
    expect(order).toEqual(['first']);
    gate.open();
    await within(shell.drain(), 'drain');
    expect(order).toEqual(['first', 'third']);
  });

  it('keeps it over the borders of segments', async () => {
    const padata = new Padata('segments');
    const shell = padata.createShell();
    const ledger = new Ledger(shell);
    // One job at a time, then many: the cursor stands at the end of a segment before the next one is there, and then not.
    for (let i = 0; i < 600; i++) {
      shell.doParallel(ledger.native(noop));
      if (i % 255 > 250) await shell.drain();
    }
    for (let i = 0; i < 5000; i++) shell.doParallel(ledger.native(noop));
    await within(padata.close(), 'close');
    ledger.check();
  });
});
