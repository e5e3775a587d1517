/** Isolates: their options, how they come and go, broadcast(), stats(), and what jobs see of their submitter. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { SHARE_ENV } from 'node:worker_threads';
import { type IsolateOptions, Padata } from 'padata';
import { describe, expect, it } from 'vitest';
import { Gate, isolateThreads, rejection, type Where, work, wrongs } from '../support/modules.js';
import { firstCpu, here, instance, lastCpu, shellOf, until, within, wrong } from '../support/padata.js';

const id = work('id');
const one = (isolates: IsolateOptions) => shellOf({ parallel: [firstCpu], isolates });
const surroundings = async (isolates: IsolateOptions) =>
  (await within(one(isolates).run(work('surroundings'), undefined), 'run')) as Record<string, unknown>;

describe('options', () => {
  it('env: a copy, one of their own, or the shared one', async () => {
    process.env.PADATA_TEST = 'from here';
    expect(await surroundings({})).toMatchObject({ tag: 'from here', isMainThread: false });
    expect((await surroundings({ env: { PADATA_TEST: 'own' } })).tag).toBe('own');
    expect((await surroundings({ env: {} })).tag).toBeUndefined();
    const setEnv = (isolates: IsolateOptions) =>
      within(one(isolates).run(work('setEnv'), ['PADATA_TEST', 'set']), 'run');
    await setEnv({});
    expect(process.env.PADATA_TEST).toBe('from here');
    await setEnv({ env: SHARE_ENV });
    expect(process.env.PADATA_TEST).toBe('set');
    delete process.env.PADATA_TEST;
  });

  it('argv, execArgv and workerData', async () => {
    const like = { argv: ['a', '1'], execArgv: ['--no-warnings'], workerData: { n: 1 } };
    expect(await surroundings({ argv: ['a', 1], execArgv: ['--no-warnings'], workerData: { n: 1 } })).toMatchObject(
      like,
    );
  });

  it('resourceLimits: only that isolate ends', async () => {
    const shell = one({ resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } });
    const error = await rejection(within(shell.run(wrongs('outOfMemory'), 0), 'run'));
    expect(error).toMatchObject({ code: 'EOWNERDEAD', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
    expect(await within(shell.run(id, 1), 'run')).toBe(1);
  });

  it('jobsPerIsolate: so many at once, and no more', async () => {
    const shell = one({ jobsPerIsolate: 3 });
    await within(shell.run(id, 0), 'run');
    const gate = new Gate();
    const runs = Array.from({ length: 5 }, () => shell.run(work('gateLater'), gate.words));
    await gate.reached(3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(gate.waiting).toBe(3);
    gate.open();
    await within(Promise.all(runs), 'runs');
    expect(gate.waiting).toBe(5);
  });

  it('jobsPerIsolate is 1 if nothing is said', async () => {
    const shell = one({});
    const gate = new Gate();
    const runs = [shell.run(work('gateLater'), gate.words), shell.run(work('gateLater'), gate.words)];
    await gate.reached(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(gate.waiting).toBe(1);
    gate.open();
    await within(Promise.all(runs), 'runs');
  });

  it('idleMs: an isolate without jobs ends, and comes again', async () => {
    const padata = instance({ parallel: [firstCpu], isolates: { idleMs: 20 } });
    const shell = padata.createShell();
    const first = await within(shell.run<undefined, Where>(work('where'), undefined), 'run');
    await until(() => padata.stats().isolates.length === 0 && isolateThreads().length === 0, 'its end');
    const second = await within(shell.run<undefined, Where>(work('where'), undefined), 'run');
    expect(second.threadId).not.toBe(first.threadId);
    // One that is busy is not idle.
    expect(await within(shell.run(work('sleep'), { ms: 300, value: 'slept' }), 'run')).toBe('slept');
    expect(await within(padata.broadcast(work('sleep'), { ms: 300, value: 'slept' }), 'broadcast')).toEqual(['slept']);
  });

  it.each([
    [{ idleMs: 0 }, RangeError],
    [{ idleMs: '1' }, TypeError],
    [{ jobsPerIsolate: 65 }, RangeError],
    [{ argv: 'a' }, TypeError],
    [{ execArgv: {} }, TypeError],
    [{ resourceLimits: 5 }, TypeError],
    [{ env: 'PATH' }, TypeError],
    [7, TypeError],
  ])('%j is refused', (isolates, kind) => {
    expect(() => new Padata('x', { isolates: wrong(isolates) })).toThrow(kind);
  });

  it('of a job are refused where they are wrong, or its function is none of a module', async () => {
    const shell = shellOf();
    await expect(shell.run(id, 1, { timeLimitMs: 0 })).rejects.toThrow(RangeError);
    await expect(shell.run(id, 1, { hard: wrong(1) })).rejects.toThrow(TypeError);
    await expect(shell.run(id, 1, { transfer: wrong('x') })).rejects.toThrow(TypeError);
    await expect(shell.run(() => 1, 1, { timeLimitMs: 5 })).rejects.toThrow('only module functions');
    const job = { parallel: id, serial: () => {}, moduleOptions: { timeLimitMs: -1 } };
    expect(() => shell.doParallel(job)).toThrow(RangeError);
    expect(shell.pending).toBe(0);
  });
});

describe('how many isolates there are', () => {
  it('as many as jobs, one for each CPU at most', async () => {
    const padata = instance();
    const shell = padata.createShell();
    expect(padata.stats().isolates).toEqual([]);
    await within(shell.run(id, 1), 'run');
    expect(padata.stats().isolates.length).toBe(1);
    const isolates = () => padata.stats().isolates.map(({ cpu }) => cpu);
    const runSome = () => Promise.all(Array.from({ length: 50 }, () => shell.run(work('spin'), { us: 2000 })));
    while (isolates().length < here.length) await within(runSome(), 'runs'); // starting one takes longer than some jobs
    await within(runSome(), 'runs');
    expect(isolates()).toEqual([...here]);
  });

  it('none is left when the instance is closed', async () => {
    const padata = new Padata('closed');
    await within(padata.broadcast(id, 1), 'broadcast');
    expect(isolateThreads().length).toBeGreaterThanOrEqual(here.length);
    await within(padata.close(), 'close');
    await until(() => isolateThreads().length === 0, 'their end');
    expect(padata.stats().isolates).toEqual([]);
  });
});

describe('broadcast()', () => {
  it('calls it once for each CPU of the usable parallel mask, in ascending order', async () => {
    const padata = instance();
    const shell = padata.createShell();
    await within(Promise.all([1, 2, 3].map(() => shell.run(work('spin'), { us: 3000 }))), 'runs');
    for (let i = 0; i < 3; i++) {
      const all = (await within(padata.broadcast(work('where'), undefined), 'broadcast')) as Where[];
      expect(all.map(({ cpu }) => cpu)).toEqual([...here]);
      for (const { seqNr, cpu, affinity } of all) expect([seqNr, affinity]).toEqual([-1, String(cpu)]);
    }
    padata.setCpumask('parallel', [lastCpu]);
    expect(await within(padata.broadcast(work('where'), undefined), 'broadcast')).toMatchObject([{ cpu: lastCpu }]);
  });

  it('leaves isolates out that are there for serial() alone', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const shell = padata.createShell();
    shell.doParallel({ parallel: id, data: 1, serial: work('note') }, lastCpu);
    await within(shell.drain(), 'drain');
    expect(await within(padata.broadcast(work('where'), undefined), 'broadcast')).toMatchObject([{ cpu: firstCpu }]);
  });

  it('reaches isolates while they are busy, and does not disturb the order of jobs', async () => {
    const padata = instance();
    const shell = padata.createShell();
    const order: unknown[] = [];
    const runs = Array.from({ length: 50 }, (_, i) =>
      shell.run(work('sleep'), { ms: 2, value: i }).then((n) => order.push(n)),
    );
    await within(padata.broadcast(work('note'), 'told'), 'broadcast');
    await within(Promise.all(runs), 'runs');
    expect(order).toEqual(runs.map((_, i) => i));
    expect(await within(padata.broadcast(work('noted'), undefined), 'broadcast')).toEqual(here.map(() => ['told']));
  });

  it('rejects with what a function threw, or that its isolate died, or that the input cannot be cloned', async () => {
    const padata = instance();
    const error = (fn: ReturnType<typeof work>, input: unknown) =>
      rejection(within(padata.broadcast(fn, input), 'broadcast'));
    expect(await error(wrongs('throws'), 0)).toMatchObject({ code: 'E_CUSTOM', message: 'thrown' });
    expect(await error(wrongs('uncloneable'), 0)).toMatchObject({ name: 'DataCloneError' });
    expect(await error(id, { f: () => 1 })).toMatchObject({ name: 'DataCloneError' });
    expect(await error(work('nothingSuch'), 0)).toMatchObject({ name: 'TypeError' });
    expect(await error(wrongs('exit'), 3)).toMatchObject({ code: 'EOWNERDEAD' });
    await expect(
      padata.broadcast(
        wrong(() => 1),
        0,
      ),
    ).rejects.toThrow(TypeError);
    expect(await within(padata.broadcast(id, 5), 'broadcast')).toEqual(here.map(() => 5));
  });
});

describe('stats()', () => {
  it('has histograms of waiting and running, in nanoseconds', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const shell = padata.createShell();
    await within(Promise.all(Array.from({ length: 20 }, () => shell.run(work('spin'), { us: 1000 }))), 'runs');
    const [{ cpu, threadId, waiting, running }] = padata.stats().isolates as [
      ReturnType<Padata['stats']>['isolates'][0],
    ];
    expect([cpu, waiting.count, running.count]).toEqual([firstCpu, 20, 20]);
    expect(running.min).toBeGreaterThanOrEqual(990_000);
    expect(running.percentile(50)).toBeGreaterThanOrEqual(990_000);
    expect(waiting.max).toBeGreaterThanOrEqual(18 * 990_000); // the last one has waited for the others
    const where = await within(shell.run<undefined, Where>(work('where'), undefined), 'run');
    expect(where.threadId).toBe(threadId);
  });
});

describe('asynchronous context', () => {
  const storage = new AsyncLocalStorage<string>();

  it('holds over await run()', async () => {
    const shell = shellOf();
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        storage.run(name, async () => {
          await shell.run(id, 1);
          return storage.getStore();
        }),
      ),
    );
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('holds for a serial() that is a closure', async () => {
    const shell = shellOf();
    const seen: unknown[] = [];
    for (const name of ['a', 'b', 'c']) {
      storage.run(name, () => shell.doParallel({ parallel: id, data: 1, serial: () => seen.push(storage.getStore()) }));
    }
    await within(shell.drain(), 'drain');
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('holds in the isolate, for each of the jobs that run at once', async () => {
    const shell = one({ jobsPerIsolate: 8 });
    const inputs = Array.from({ length: 40 }, (_, i) => i);
    expect(await within(Promise.all(inputs.map((n) => shell.run(work('inContext'), n))), 'runs')).toEqual(inputs);
  });

  it('an uncaught error fails the job that it came from, not one that runs beside it', async () => {
    const shell = one({ jobsPerIsolate: 4 });
    const runs = [shell.run(work('sleep'), { ms: 50, value: 1 }), shell.run(wrongs('uncaught'), 0), shell.run(id, 3)];
    const settled = await within(Promise.allSettled(runs), 'runs');
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('errors', () => {
  it("show where the function threw, and below it the caller's own frames", async () => {
    const shell = shellOf();
    async function theCaller() {
      return rejection(shell.run(wrongs('throws'), 0));
    }
    const { stack } = await theCaller();
    expect(stack).toMatch(/wrongs\.mjs:\d+[\s\S]*---[\s\S]*theCaller[\s\S]*module-isolates\.test\.ts/);
    async function theLoop() {
      for await (const _ of shell.map([1], wrongs('throws')));
    }
    expect((await rejection(theLoop())).stack).toMatch(/wrongs\.mjs:\d+[\s\S]*---[\s\S]*theLoop/);
  });
});
