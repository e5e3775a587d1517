/** Multithreaded jobs whose thread function is a module function: the chunks, and what becomes of errors, signals and progress. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpus, moduleFunction, Padata } from 'padata';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const fn = <A>(name: string) =>
  moduleFunction<A, void>(new URL('../fixtures/modules/ranges.mjs', import.meta.url), name);

interface Notes {
  counts: SharedArrayBuffer;
  calls: SharedArrayBuffer;
}

function notes(units: number): Notes {
  return { counts: new SharedArrayBuffer(4 * units), calls: new SharedArrayBuffer(8 * 10_000) };
}

/** The calls that were made, in ascending order. */
function callsOf({ calls }: Notes): [number, number][] {
  const log = new BigInt64Array(calls);
  const made = Array.from({ length: Number(log[0]) }, (_, i): [number, number] => [
    Number(log[1 + 2 * i]),
    Number(log[2 + 2 * i]),
  ]);
  return made.sort(([a], [b]) => a - b);
}

/** The kernel's rules, written down once more: DESIGN of the API, "Multithreaded". */
function model(start: number, size: number, align: number, minChunk: number, maxThreads: number): [number, number][] {
  const workers = Math.min(Math.max(Math.floor(size / Math.max(minChunk, align)), 1), maxThreads);
  if (workers === 1) return [[start, start + size]];
  const chunk = Math.ceil(Math.max(Math.floor(size / (workers * 4)), minChunk, 1) / align) * align;
  const chunks: [number, number][] = [];
  for (let at = start; at < start + size; at = chunks.at(-1)?.[1] as number) {
    chunks.push([at, Math.min((Math.floor(at / chunk) + 1) * chunk, start + size)]);
  }
  return chunks;
}

let pd: Padata;
beforeEach(() => {
  pd = new Padata('ranges');
});
afterEach(() => pd.close());

describe('the chunks', () => {
  test.each([
    { start: 0, size: 1 },
    { start: 5, size: 95, align: 8 },
    { start: 1, size: 999, align: 10, minChunk: 30, maxThreads: 3 },
    { start: 0, size: 1000, maxThreads: 1 },
    { start: 7, size: 500, minChunk: 1000 },
    { start: 3, size: 777, align: 64, minChunk: 1, maxThreads: 8 },
  ])('are those of the kernel: %o', async ({ start, size, align = 1, minChunk = 1, maxThreads = 2 }) => {
    for (const name of ['count', 'countLater']) {
      const fnArg = notes(start + size);
      await pd.doMultithreaded({ threadFn: fn<Notes>(name), fnArg, start, size, align, minChunk, maxThreads });
      expect(callsOf(fnArg)).toEqual(model(start, size, align, minChunk, maxThreads));
      expect([...new Int32Array(fnArg.counts)].slice(start)).toEqual(new Array(size).fill(1));
    }
  });

  test('of quantities near 2^53 are exact', async () => {
    const start = Number.MAX_SAFE_INTEGER - 100;
    const failing = pd.doMultithreaded({
      threadFn: fn<{ unit: number }>('failAt'),
      fnArg: { unit: Number.MAX_SAFE_INTEGER - 1 },
      start,
      size: 100,
      maxThreads: 2,
    });
    await expect(failing).rejects.toThrow(new RangeError(`unit ${Number.MAX_SAFE_INTEGER - 1}`));
  });

  test('of a range of size 0 are none', async () => {
    await pd.doMultithreaded({ threadFn: moduleFunction('/does/not/exist.mjs'), size: 0 });
  });

  test('share one copy of the argument in each isolate, and none with the caller', async () => {
    const fnArg = { calls: 0, shared: new SharedArrayBuffer(4 * 8) };
    const job = { threadFn: fn<typeof fnArg>('tally'), fnArg, size: 8, minChunk: 1, maxThreads: 2 };
    const running = pd.doMultithreaded(job);
    fnArg.calls = 1000; // too late
    await running;
    const first = [...new Int32Array(fnArg.shared)];
    expect(Math.max(...first)).toBeGreaterThanOrEqual(8 / cpus.allowed().weight);
    expect(Math.max(...first)).toBeLessThanOrEqual(8);
    await pd.doMultithreaded(job);
    expect(Math.min(...new Int32Array(fnArg.shared))).toBe(1001);
    expect(fnArg.calls).toBe(1000);
  });

  test('of many jobs at once do not mix', async () => {
    const jobs = Array.from({ length: 20 }, (_, i) => ({ size: 50 + i, fnArg: notes(50 + i) }));
    await Promise.all(jobs.map((job) => pd.doMultithreaded({ threadFn: fn<Notes>('count'), ...job })));
    for (const { size, fnArg } of jobs) expect([...new Int32Array(fnArg.counts)]).toEqual(new Array(size).fill(1));
  });
});

describe('while isolates take chunks', () => {
  const here = [...cpus.allowed()];

  test('timers of the module go on', async () => {
    const ticks = new SharedArrayBuffer(8);
    await pd.doMultithreaded({ threadFn: fn<object>('withTimer'), fnArg: { ticks }, size: 4 * here.length });
    expect(new Int32Array(ticks)[1]).toBeGreaterThan(0);
  });

  describe('noting where they run', () => {
    const [first, last] = [here[0], here.at(-1)] as [number, number];
    let abort: AbortController;
    let log: Int32Array;
    let running: Promise<void>;
    const start = (mask: number[], { size, maxThreads, ms }: { size: number; maxThreads: number; ms: number }) => {
      const calls = new SharedArrayBuffer(4 * (1 + size));
      log = new Int32Array(calls);
      pd.setCpumask('parallel', mask);
      abort = new AbortController();
      const { signal } = abort;
      const threadFn = fn<object>('whereabouts');
      running = pd.doMultithreaded({ threadFn, fnArg: { calls, ms }, size, maxThreads, signal });
    };
    const begun = moduleFunction<undefined, number>(
      new URL('../fixtures/modules/ranges.mjs', import.meta.url),
      'begun',
    );
    const comes = async (cpu: number, from = 0) => {
      while (!log.subarray(1 + from, 1 + (log[0] as number)).includes(cpu)) await delay(1);
    };

    test('other jobs get their turn', async () => {
      const chunks = 4 * here.length;
      start(here, { size: chunks, maxThreads: here.length, ms: 20 });
      expect(await pd.createShell().run(begun, undefined)).toBeLessThan(chunks);
      await running;
      expect(log[0]).toBe(chunks);
    });

    test.skipIf(here.length < 2)('CPUs that leave stop at the next chunk, those that come join', async () => {
      start([first], { size: 20_000, maxThreads: 5000, ms: 2 });
      await comes(first);
      pd.setCpumask('parallel', [first, last]);
      await comes(last);
      pd.setCpumask('parallel', [last]);
      const left = log[0] as number;
      await comes(last, left);
      abort.abort(new Error('seen'));
      await expect(running).rejects.toThrow('seen');
      const began = [...log.subarray(1, 1 + (log[0] as number))];
      expect(began.slice(0, left)).toContain(last);
      // One may have claimed its chunk, and had not noted it.
      expect(began.slice(left).filter((cpu) => cpu === first).length).toBeLessThanOrEqual(1);
    });

    test.each([3 * here.length, here.length])(
      'CPUs that are not there are waited for, with at most %i threads',
      async (maxThreads) => {
        await pd.broadcast(begun, undefined); // else all chunks may be taken before each CPU has its isolate
        start(here, { maxThreads, size: 8 * maxThreads, ms: 20 });
        await comes(first);
        pd.setCpumask('parallel', []);
        const left = log[0] as number;
        await delay(60);
        expect(log[0]).toBeLessThanOrEqual(left + here.length);
        const stopped = log[0];
        await delay(60);
        expect(log[0]).toBe(stopped);
        pd.setCpumask('parallel', [last]);
        await running;
        expect(log[0]).toBe(4 * maxThreads);
      },
    );

    test.each([0, 60])('an instance without CPUs that is closed after %i ms ends it', async (ms) => {
      start(here, { maxThreads: 12 * here.length, size: 1000, ms: 50 });
      const outcome = running.catch((error) => error);
      await comes(first);
      pd.setCpumask('parallel', []);
      await delay(ms);
      await pd.close();
      expect(await outcome).toMatchObject({ code: 'ECANCELED', syscall: 'padata_do_multithreaded' });
    });
  });
});

describe('the end', () => {
  test('a thread function that throws: no further chunk, and that error', async () => {
    const job = {
      threadFn: fn<{ unit: number }>('failAt'),
      fnArg: { unit: 10 },
      size: 100_000,
      minChunk: 10,
      maxThreads: 2,
    };
    const error = await pd.doMultithreaded(job).catch((reason) => reason);
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('unit 10');
    await pd.doMultithreaded({ ...job, fnArg: { unit: -1 } });
  });

  test('a function that cannot be loaded, and an argument that cannot be cloned', async () => {
    const missing = moduleFunction<undefined, void>('/does/not/exist.mjs');
    await expect(pd.doMultithreaded({ threadFn: missing, size: 1 })).rejects.toThrow(/exist\.mjs/);
    const job = { threadFn: fn<unknown>('nothing'), fnArg: () => {}, size: 1 };
    await expect(pd.doMultithreaded(job)).rejects.toMatchObject({ name: 'DataCloneError' });
  });

  test('a signal: no further chunk, and its reason', async () => {
    const controller = new AbortController();
    const job = {
      threadFn: fn<undefined>('slowly'),
      size: 1000,
      minChunk: 1,
      maxThreads: 100,
      signal: controller.signal,
    };
    const running = pd.doMultithreaded(job);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  test('progress is told, in ascending order, and what the listener throws ends the job', async () => {
    const told: [number, number][] = [];
    const job = { threadFn: fn<undefined>('slowly'), size: 8, minChunk: 1, maxThreads: 2 };
    await pd.doMultithreaded({ ...job, onProgress: (...progress) => told.push(progress) });
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...told].sort(([a], [b]) => a - b));
    expect(told.every(([done, size]) => done >= 1 && done <= 8 && size === 8)).toBe(true);
    const onProgress = () => {
      throw new TypeError('no more');
    };
    await expect(pd.doMultithreaded({ ...job, onProgress })).rejects.toThrow(new TypeError('no more'));
  });

  test('doMultithreadedSync refuses a module function', () => {
    expect(() => pd.doMultithreadedSync({ threadFn: fn<undefined>('nothing'), size: 1 })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });

  test('an instance is not freed meanwhile, and close() waits', async () => {
    const running = pd.doMultithreaded({ threadFn: fn<undefined>('slowly'), size: 4 });
    expect(() => pd.free()).toThrow(expect.objectContaining({ code: 'EBUSY' }));
    await Promise.all([pd.close(), running]);
    expect(pd.state).toBe('stopped');
  });
});
