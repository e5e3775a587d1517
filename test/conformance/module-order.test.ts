/** Order, places and masks of jobs with module functions: invariants 1 to 5 where isolates run the jobs. */
import { MessageChannel } from 'node:worker_threads';
import type { Job, NativeFunction, SerialInput, Shell } from 'padata';
import { noop, spin } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { Gate, isolateThreads, type Where, work } from '../support/modules.js';
import { firstCpu, here, instance, keepMoving, lastCpu, native, until, within } from '../support/padata.js';
import { Random } from '../support/random.js';

const id = work('id');
const where = work('where');

/** Submits a job of a random kind and cost; its result is to be `n`. */
function submitAny(shell: Shell, random: Random, n: number, delivered: (n: number, job: Job) => void): void {
  const us = [0, 1, 30, 1000][random.below(4)]!;
  const serial = (job: Job) => delivered(n, job);
  const kinds: (() => Job)[] = [
    () => ({ parallel: us === 0 ? id : work('spin'), data: us === 0 ? n : { us, value: n }, serial }),
    () => ({ parallel: work('idLater'), data: n, serial }),
    () => ({ parallel: work('shared'), data: new Int32Array(new SharedArrayBuffer(4)), serial }),
    () => ({ parallel: us === 0 ? (noop as NativeFunction) : spin(us * 1000), serial }),
    () => ({ parallel: (job: Job) => setImmediate(() => shell.doSerial(job)), serial }),
  ];
  shell.doParallel(kinds[random.below(8) % kinds.length]!());
}

describe('results come in the order of submission', () => {
  it('over shells, whatever the costs and kinds of the jobs', { timeout: 240_000 }, async () => {
    const random = new Random();
    const padata = instance();
    const shells = Array.from({ length: 4 }, () => padata.createShell());
    const seen = shells.map(() => [] as number[]);
    const errors: unknown[] = [];
    for (let n = 0; n < 2000; n++) {
      for (const [i, shell] of shells.entries()) {
        submitAny(shell, random, n, (at, job) => {
          seen[i]!.push(at);
          if (job.error !== undefined || (typeof job.result === 'number' && job.result !== at)) errors.push(job);
        });
      }
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await within(Promise.all(shells.map((shell) => shell.drain())), 'drain');
    const all = Array.from({ length: 2000 }, (_, n) => n);
    for (const [i, order] of seen.entries()) expect(order, `shell ${i}, PADATA_SEED=${random.seed}`).toEqual(all);
    expect(errors).toEqual([]);
  });

  // Those of 0 us lie in the same batch as the long one, and are not worth a turn of the isolate each.
  it.each([
    [0, 'nothing else moves', false],
    [100, 'nothing else moves', false],
    [0, 'others move all the time', true],
  ])(
    'and do not wait for longer ones behind them, which nobody foresaw: of %i us, and %s',
    async (us, _what, othersMove) => {
      const padata = instance();
      const shell = padata.createShell();
      if (othersMove) keepMoving(padata.createShell());
      for (let length = 1; length <= 40; length++) {
        const gate = new Gate();
        await padata.broadcast(work('keepGate'), gate.words);
        const short = Array.from({ length }, () => shell.run(work('spin'), { us, value: 0 }));
        const long = Array.from({ length: 100 }, () => shell.run(work('gateKept'), 0)); // many: so there is patience
        await within(Promise.all(short), `${length} short ones`);
        gate.open();
        await within(Promise.all(long), 'long ones');
      }
    },
  );

  it('the first of a shell takes a thousand times as long as those behind it', async () => {
    const shell = instance().createShell();
    const order: number[] = [];
    const runs = Array.from({ length: 300 }, (_, i) =>
      shell
        .run<unknown, number>(work('spin'), { us: i % 100 === 0 ? 30_000 : 30, value: i })
        .then((n) => order.push(n)),
    );
    await within(Promise.all(runs), 'runs');
    expect(order).toEqual(runs.map((_, i) => i));
  });

  it('seqNr, cpu and cbCpu are those of the job', async () => {
    const shell = instance().createShell();
    for (let i = 0; i < 50; i++) void shell.run(id, i);
    const cpu = here[1 % here.length]!;
    const told = await within(shell.run<undefined, Where>(where, undefined, { cbCpu: cpu }), 'run');
    expect(told).toMatchObject({ seqNr: 50, cbCpu: cpu });
    expect(here).toContain(told.cpu);
  });

  it('of isolates that run several jobs at once, too', async () => {
    const shell = instance({ isolates: { jobsPerIsolate: 16 } }).createShell();
    const order: number[] = [];
    const random = new Random();
    const runs = Array.from({ length: 200 }, (_, i) =>
      shell.run<unknown, number>(work('sleep'), { ms: random.below(8), value: i }).then((n) => order.push(n)),
    );
    await within(Promise.all(runs), 'runs');
    expect(order).toEqual(runs.map((_, i) => i));
  });
});

describe("each isolate's thread", () => {
  it.each(here)('on CPU %i has exactly that as its affinity', async (cpu) => {
    const shell = instance({ parallel: [cpu] }).createShell();
    const told = await within(shell.run<undefined, Where>(where, undefined), 'run');
    expect(told).toMatchObject({ cpu, affinity: String(cpu), name: `padata/m${cpu}` });
    expect(isolateThreads()).toContainEqual({ cpu, affinity: String(cpu) });
  });

  it('all of them, as /proc has them; and the thread pool of libuv goes everywhere', async () => {
    const padata = instance();
    await within(padata.broadcast(id, undefined), 'broadcast');
    const threads = isolateThreads();
    expect(new Set(threads.map(({ cpu }) => cpu))).toEqual(new Set(here));
    for (const { cpu, affinity } of threads) expect(affinity).toBe(String(cpu));
    const affinities = await within(padata.broadcast(work('affinityOfPool'), undefined), 'broadcast');
    for (const affinity of affinities) expect(affinity).toEqual([padata.usable.parallel.toList()]);
  });
});

describe('masks that change while jobs run', () => {
  it('no job begins on a CPU outside the new mask once setCpumask has returned', async () => {
    const padata = instance();
    const shell = padata.createShell();
    for (let round = 0; round < 30; round++) {
      const before = Array.from({ length: 30 }, () => shell.run(work('spin'), { us: 100 }));
      const mask = [[firstCpu], [lastCpu], here][round % 3]!;
      padata.setCpumask('parallel', mask);
      const after = await within(
        Promise.all(Array.from({ length: 30 }, () => shell.run<undefined, Where>(where, undefined))),
        `round ${round}`,
      );
      for (const { cpu, affinity } of after) {
        expect(mask).toContain(cpu);
        expect(affinity).toBe(String(cpu));
      }
      await Promise.all(before);
    }
  });

  it('a job in flight on a CPU that left finishes there, and keeps its turn', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const shell = padata.createShell();
    const gate = new Gate();
    const order: string[] = [];
    const first = shell.run(work('gate'), gate.words).then((output) => order.push(String(output)));
    await gate.reached();
    padata.setCpumask('parallel', [lastCpu]);
    const second = shell.run<undefined, Where>(where, undefined).then(({ cpu }) => order.push(`on ${cpu}`));
    const other = await within(padata.createShell().run<undefined, Where>(where, undefined), 'another shell');
    expect(other.cpu).toBe(lastCpu);
    expect(order).toEqual([]);
    gate.open();
    await within(Promise.all([first, second]), 'runs');
    expect(order).toEqual(['passed', `on ${lastCpu}`]);
    await until(() => padata.stats().isolates.every(({ cpu }) => cpu === lastCpu), 'the end of the isolate that left');
  });

  it('jobs wait while there is no CPU, and go on when there is one', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const shell = padata.createShell();
    const gate = new Gate();
    const first = shell.run(work('gate'), gate.words);
    await gate.reached();
    const second = shell.run<undefined, Where>(where, undefined);
    padata.setCpumask('parallel', []);
    gate.open();
    expect(await within(first, 'first')).toBe('passed');
    expect(shell.pending).toBe(1);
    padata.setCpumask('parallel', [lastCpu]);
    expect((await within(second, 'second')).cpu).toBe(lastCpu);
  });
});

describe('a module function as serial()', () => {
  const note = work('note');

  it('is called for one cb_cpu in the order of submission, on that CPU', async () => {
    const padata = instance();
    const shells = [padata.createShell(), padata.createShell()];
    for (let i = 0; i < 300; i++) {
      for (const shell of shells) {
        const data = { us: i % 50 === 0 ? 3000 : 3, value: i };
        shell.doParallel({ parallel: work('spin'), data, serial: note }, here[i % here.length]!);
      }
    }
    await within(Promise.all(shells.map((shell) => shell.drain())), 'drain');
    const logs = (await within(padata.broadcast(work('notedOn'), undefined), 'broadcast')) as {
      cpu: number;
      log: SerialInput<number>[];
    }[];
    expect(logs.map(({ cpu }) => cpu)).toEqual([...here]);
    for (const { cpu, log } of logs) {
      const own = Array.from({ length: 300 }, (_, i) => i).filter((i) => here[i % here.length] === cpu);
      expect(log.map(({ result }) => result).sort((a, b) => a! - b!)).toEqual(own.flatMap((i) => [i, i]));
      for (const { cbCpu, seqNr, result, error } of log)
        expect([cbCpu, seqNr, error]).toEqual([cpu, result, undefined]);
      // Two series, each in its order: every number comes after the one before it has come as often.
      const counts = new Map<number, number>();
      for (const { result } of log) {
        const at = own.indexOf(result!);
        const before = at === 0 ? 2 : counts.get(own[at - 1]!)!;
        counts.set(result!, (counts.get(result!) ?? 0) + 1);
        expect(counts.get(result!)).toBeLessThanOrEqual(before);
      }
    }
  });

  it('has its isolate when its turn comes, even if that was idle or its CPU has left the masks', async () => {
    const padata = instance({ parallel: [firstCpu], isolates: { idleMs: 20 } });
    const shell = padata.createShell();
    const job: Job = { parallel: () => {}, serial: note };
    shell.doParallel(job, lastCpu);
    shell.doParallel({ parallel: noop, serial: note }, lastCpu);
    await new Promise((resolve) => setTimeout(resolve, 200));
    padata.setCpumask('serial', [firstCpu]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    job.result = 7;
    shell.doSerial(job);
    await within(shell.drain(), 'drain');
    padata.setCpumask('parallel', [lastCpu]);
    const [log] = (await within(padata.broadcast(work('noted'), undefined), 'broadcast')) as SerialInput[][];
    if (log!.length !== 0) expect(log!.map(({ result }) => result)).toEqual([7, undefined]);
  });

  it('that throws, or ends its isolate: the instance tells, and those behind it are called', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const errors: string[] = [];
    padata.on('error', (error) => void errors.push(error.message));
    const shell = padata.createShell();
    const words = new Int32Array(new SharedArrayBuffer(4));
    for (let i = 0; i < 20; i++) {
      const serial = work(
        i === 5 ? 'serialThrows' : i === 10 ? 'serialExits' : 'serialShared',
        i === 5 || i === 10 ? 'wrongs.mjs' : 'work.mjs',
      );
      const parallel = i === 10 ? id : work('shared');
      shell.doParallel({ parallel, data: i === 10 ? 'exit' : words, serial }, lastCpu);
    }
    await within(shell.drain(), 'drain');
    await until(() => errors.length === 2, 'the events');
    expect(errors).toEqual(['serial 5', expect.stringContaining('code 5')]);
    expect(words[0]).toBe(19 + 18); // by 19 parallel() and 18 serial() functions
  });

  it('takes what only a message can carry', async () => {
    const padata = instance();
    const shell = padata.createShell();
    const { port1, port2 } = new MessageChannel();
    const heard: unknown[] = [];
    port1.on('message', (data) => void heard.push(data));
    const moduleOptions = { transfer: [port2 as never] };
    shell.doParallel({ parallel: work('passOn'), data: port2, moduleOptions, serial: work('answerSerial') });
    await within(shell.drain(), 'drain');
    await until(() => heard.length === 1, 'the answer');
    expect(heard).toEqual(['hello']);
    port1.close();
  });
});

describe('every kind of parallel() with every kind of serial()', () => {
  const fail = work('throws', 'wrongs.mjs');
  it.each(['module', 'message', 'failing', 'native', 'failing native', 'closure', 'failing closure'])(
    '%s',
    async (kind) => {
      const padata = instance();
      const strays: Error[] = [];
      padata.on('error', (error) => void strays.push(error));
      const shell = padata.createShell();
      const words = new Int32Array(new SharedArrayBuffer(4));
      const close = (job: Job) => {
        if (kind === 'closure') job.result = 5;
        else job.error = new RangeError('no');
        shell.doSerial(job);
      };
      const parts: Record<string, Pick<Job, 'parallel' | 'data'>> = {
        module: { parallel: id, data: 5 },
        message: { parallel: work('shared'), data: words },
        failing: { parallel: fail, data: 0 },
        native: { parallel: native('seqNr') },
        'failing native': { parallel: native('fail') },
        closure: { parallel: close },
        'failing closure': { parallel: close },
      };
      const order: number[] = [];
      const outcomes: unknown[] = [];
      for (let i = 0; i < 60; i++) {
        const serials = [
          (job: Job) => {
            order.push(i);
            outcomes.push(job.error ?? job.result);
          },
          work('note'),
          native('nothing'),
        ];
        shell.doParallel({ ...parts[kind]!, serial: serials[i % 3]! } as Job);
      }
      await within(shell.drain(), 'drain');
      expect(order).toEqual(Array.from({ length: 20 }, (_, i) => 3 * i));
      const logs = (await within(padata.broadcast(work('noted'), undefined), 'broadcast')) as SerialInput[][];
      const noted = logs.flat();
      expect(noted.map(({ seqNr }) => seqNr).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => 3 * i + 1),
      );
      expect(strays).toEqual([]);
      if (kind.startsWith('failing')) {
        for (const outcome of outcomes) expect(outcome).toBeInstanceOf(Error);
        for (const { error, result } of noted) expect([error instanceof Error, result]).toEqual([true, undefined]);
      } else if (kind === 'native') {
        expect(outcomes).toEqual(order);
        for (const { seqNr, result } of noted) expect(result).toBe(seqNr);
      } else {
        const expected = kind === 'message' ? words : 5;
        for (const outcome of outcomes) expect(outcome).toEqual(expected);
        for (const { error, result } of noted) expect([error, result]).toEqual([undefined, expected]);
      }
    },
  );
});
