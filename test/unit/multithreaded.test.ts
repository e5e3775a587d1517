/** What becomes of a multithreaded job while it runs: failures, masks, signals, progress, its end. */
import { setTimeout as delay } from 'node:timers/promises';
import { type MultithreadedJob, nativeFunction, Padata, PadataError } from 'padata';
import { histogram, noop } from 'padata/functions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeNativeFunction } from '../../dist/internal/make-native-function.js';
import { MtProgress } from '../../dist/internal/mt-progress.js';
import { fixture } from '../fixtures/native-addon/index.js';
import { ChunkRecord, counted, failure, range, shared, WaitState, ways } from '../support/multithreaded.js';
import { firstCpu, here, instance, lastCpu, until, within, wrong } from '../support/padata.js';

const EIO = 5;

describe.each(Object.entries(ways))('%s: failures', (_name, run) => {
  it('fails with the errno of a chunk, and begins no further one', async () => {
    const state = new WaitState({ errno: EIO, failsFrom: 0 });
    const job = { threadFn: range('waitHere'), fnArg: state.words, size: 4000, maxThreads: 1000 };
    const error = await failure(run(instance(), job));
    const first = error instanceof AggregateError ? error.errors[0] : error;
    expect(first).toBeInstanceOf(PadataError);
    expect(first).toMatchObject({ code: 'EIO', syscall: 'fixture.waitHere' });
    // The first chunk of any thread's part may be the one that fails first.
    const [, begin, end] = /\[(\d+), (\d+)\)/.exec(first.message)?.map(Number) ?? [];
    expect(begin).toBeGreaterThanOrEqual(0);
    expect(end).toBe(begin! + 1);
    expect(end).toBeLessThanOrEqual(4000);
    expect(state.entered).toBeLessThanOrEqual(here.length + 1);
  });

  it('is over when the chunks that run have ended, and can be run again', async () => {
    const padata = instance();
    const state = new WaitState({ errno: EIO });
    const job = { threadFn: range('waitHere'), fnArg: state.words, size: 40 };
    await failure(run(padata, job));
    state.words[3] = 0;
    await run(padata, job);
  });
});

describe('several chunks that fail', () => {
  it.skipIf(here.length < 2)('are all told, in an AggregateError', async () => {
    const padata = instance({ parallel: here.slice(0, 2) });
    const state = new WaitState({ waits: true, errno: EIO });
    const outcome = failure(padata.doMultithreaded({ threadFn: range('waitHere'), fnArg: state.words, size: 100 }));
    await state.untilEntered(2);
    state.open();
    const error = await outcome;
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toMatchObject([{ code: 'EIO' }, { code: 'EIO' }]);
    expect(error.message).toMatch(/2 chunks failed/);
  });
});

describe('CPUs', () => {
  it('are those of the usable parallel mask', async () => {
    for (const cpu of [firstCpu, lastCpu]) {
      const record = new ChunkRecord();
      const padata = instance({ parallel: [cpu] });
      await padata.doMultithreaded({ threadFn: range('recordChunks'), fnArg: record.memory, size: 100, maxThreads: 9 });
      expect(new Set(record.chunks().map((chunk) => chunk.cpu))).toEqual(new Set([cpu]));
    }
  });

  it.skipIf(here.length < 2)('that leave the mask stop at the next chunk, those that come join', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const state = new WaitState({ waits: true });
    const job = padata.doMultithreaded({ threadFn: range('waitHere'), fnArg: state.words, size: 80, maxThreads: 2 });
    await state.untilEntered(1);
    padata.setCpumask('parallel', [firstCpu, lastCpu]);
    await state.untilEntered(2);
    padata.setCpumask('parallel', [lastCpu]);
    state.open();
    await within(job, 'the job');
    expect(state.entered).toBe(8);
  });

  it('that are not there are waited for', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const state = new WaitState({ waits: true });
    const job = padata.doMultithreaded({ threadFn: range('waitHere'), fnArg: state.words, size: 80, maxThreads: 2 });
    await state.untilEntered(1);
    padata.setCpumask('parallel', []);
    state.open();
    await delay(20);
    expect(state.entered).toBe(1);
    padata.setCpumask('parallel', [lastCpu]);
    await within(job, 'the job');
    expect(state.entered).toBe(8);
  });

  it('may be spread over NUMA nodes, with memory on some of them', async () => {
    const record = new ChunkRecord();
    const memoryNodes = [
      { start: 0, end: 40, node: 0 },
      { start: 50, end: 500, node: 7 },
    ];
    const job = { threadFn: range('recordChunks'), fnArg: record.memory, size: 100, maxThreads: 2 };
    await instance().doMultithreaded({ ...job, numaAware: true, memoryNodes });
    expect(record.chunks()).toHaveLength(9);
  });
});

describe('a signal', () => {
  it('stops handing out chunks, and the job rejects with its reason', async () => {
    const controller = new AbortController();
    const state = new WaitState({ waits: true });
    const job = {
      threadFn: range('waitHere'),
      fnArg: state.words,
      size: 80,
      maxThreads: 20,
      signal: controller.signal,
    };
    const outcome = failure(instance().doMultithreaded(job));
    await state.untilEntered(1);
    const entered = state.entered;
    controller.abort(new Error('enough'));
    state.open();
    expect((await outcome).message).toBe('enough');
    expect(state.entered).toBeLessThanOrEqual(entered + here.length);
  });

  it('that comes too late changes nothing', async () => {
    const controller = new AbortController();
    await instance().doMultithreaded({ ...counted(), signal: controller.signal });
    controller.abort();
  });
});

describe('onProgress', () => {
  const slow = (members: Partial<MultithreadedJob>): MultithreadedJob => {
    const state = new WaitState({ turns: 8 });
    return { threadFn: range('touch'), fnArg: state.words, size: 100, maxThreads: 10, ...members };
  };

  it.each(Object.entries(ways))('of %s is told growing numbers, at most every 50 ms', async (_name, run) => {
    const told: [units: number, size: number, at: number][] = [];
    await run(instance(), slow({ onProgress: (units, size) => told.push([units, size, performance.now()]) }));
    expect(told.length).toBeGreaterThan(0);
    for (const [i, [units, size, at]] of told.entries()) {
      expect(size).toBe(100);
      expect(units).toBeGreaterThan(told[i - 1]?.[0] ?? 0);
      expect(units).toBeLessThanOrEqual(100);
      if (i !== 0) expect(at - told[i - 1]![2]).toBeGreaterThan(45); // timers may be early by a millisecond
    }
  });

  it.each(Object.entries(ways))('of %s that throws ends the job', async (_name, run) => {
    const onProgress = () => {
      throw new Error('from onProgress');
    };
    const error = await failure(run(instance(), slow({ onProgress })));
    expect(error.message).toBe('from onProgress');
  });

  it('that has thrown is not called again while the last chunks end', () => {
    let [done, calls] = [1, 0];
    const onProgress = () => {
      calls++;
      throw new Error('from onProgress');
    };
    const progress = new MtProgress({ size: 3, onProgress }, () => done);
    expect(() => progress.tell()).toThrow('from onProgress');
    done = 2;
    progress.tell();
    expect(calls).toBe(1);
  });

  it('may abort a synchronous job', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('from onProgress'));
    expect(() => instance().doMultithreadedSync(slow({ onProgress, signal: controller.signal }))).toThrow(
      'from onProgress',
    );
  });

  it('may run another job, but not free the instance', () => {
    const padata = instance();
    let inner = 0;
    const onProgress = () => {
      expect(() => padata.free()).toThrow(expect.objectContaining({ code: 'EBUSY' }));
      padata.doMultithreadedSync(counted());
      inner++;
    };
    padata.doMultithreadedSync(slow({ onProgress }));
    expect(inner).toBeGreaterThan(0);
  });
});

describe('the life of a job', () => {
  let padata: Padata;
  let state: WaitState;
  let job: Promise<void>;
  beforeEach(async () => {
    padata = new Padata('life');
    state = new WaitState({ waits: true });
    job = padata.doMultithreaded({ threadFn: range('waitHere'), fnArg: state.words, size: 80, maxThreads: 20 });
    await state.untilEntered(1);
  });
  afterEach(async () => {
    state.open();
    await within(padata.close(), 'close');
  });

  it('leaves the event loop free, and keeps the instance busy', async () => {
    await delay(5);
    expect(() => padata.free()).toThrow(expect.objectContaining({ code: 'EBUSY', syscall: 'padata_free' }));
    state.open();
    await within(job, 'the job');
    padata.free();
  });

  it('is waited for by close()', async () => {
    let isClosed = false;
    const closing = padata.close().then(() => {
      isClosed = true;
    });
    await delay(10);
    expect(isClosed).toBe(false);
    state.open();
    await within(Promise.all([closing, job]), 'close');
    expect(state.entered).toBe(80);
  });

  it('ends with ECANCELED when an instance without CPUs is closed', async () => {
    padata.setCpumask('parallel', []);
    const outcome = failure(job);
    const closing = padata.close();
    state.open();
    expect(await outcome).toMatchObject({ code: 'ECANCELED', syscall: 'padata_do_multithreaded' });
    await within(closing, 'close');
  });

  it('keeps its function from being freed', async () => {
    const threadFn = nativeFunction(fixture.countUnits);
    const fnArg = shared(100);
    const other = padata.doMultithreaded({ threadFn, fnArg, size: 100 });
    freeNativeFunction(wrong(threadFn));
    state.open();
    await within(Promise.all([other, job]), 'both');
    expect(new Uint8Array(fnArg).every((count) => count === 1)).toBe(true);
  });
});

it('many jobs of many instances at once are all done', async () => {
  const instances = Array.from({ length: 5 }, () => instance());
  const boards = Array.from({ length: 60 }, () => new Uint8Array(shared(5000)));
  const jobs = boards.map((fnArg, i) =>
    instances[i % 5]!.doMultithreaded({ threadFn: range('countUnits'), fnArg, size: 5000, maxThreads: 1 + (i % 7) }),
  );
  for (const [i, fnArg] of boards.entries()) {
    if (i % 10 === 0) instances[i % 5]!.doMultithreadedSync({ threadFn: range('countUnits'), fnArg, size: 5000 });
  }
  await within(Promise.all(jobs), 'all');
  expect(boards.every((board, i) => board.every((count) => count === (i % 10 === 0 ? 2 : 1)))).toBe(true);
});

it('jobs of shells go on beside them', async () => {
  const padata = instance();
  const shell = padata.createShell();
  const bytes = new Uint8Array(shared(20_000_000));
  const counts = new BigUint64Array(shared(2048));
  const job = { threadFn: histogram, fnArg: { bytes, counts }, size: bytes.length, maxThreads: 200 };
  let isDone = false;
  const all = padata.doMultithreaded(job).then(() => {
    isDone = true;
  });
  let served = 0;
  while (!isDone && served < 1_000_000) {
    await shell.run(noop, undefined);
    served++;
  }
  await within(all, 'the job');
  expect(served).toBeGreaterThan(0);
  expect(counts[0]).toBe(20_000_000n);
  await until(() => shell.pending === 0, 'the shell is idle');
});
