import { setTimeout as delay } from 'node:timers/promises';
import { type MultithreadedJob, nativeFunction, Padata, PadataError } from 'padata';
import { histogram, noop } from 'padata/functions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeNativeFunction } from '../../dist/internal/make-native-function.js';
import { fixture } from '../fixtures/native-addon/index.js';
import { ChunkRecord, range, WaitState, ways } from '../support/multithreaded.js';
import { firstCpu, here, instance, lastCpu, until, within, wrong } from '../support/padata.js';

const EIO = 5;
const shared = (bytes: number) => new SharedArrayBuffer(bytes);
/** The types of Node leave WebAssembly to those of browsers. */
function newSharedWasmMemory(): SharedArrayBuffer {
  const { Memory } = Reflect.get(globalThis, 'WebAssembly');
  return new Memory({ initial: 1, maximum: 2, shared: true }).buffer;
}

const counted = (size = 1000): MultithreadedJob => ({ threadFn: range('countUnits'), fnArg: shared(size), size });

/** What a call throws or rejects with. */
async function failure(call: Promise<void>): Promise<Error> {
  return within(
    call.then(
      () => new Error('it did not fail'),
      (error) => error,
    ),
    'the job',
  );
}

describe.each(Object.entries(ways))('%s: arguments', (_name, run) => {
  const refused = (members: object) => failure(run(instance(), { ...counted(), ...members }));
  const outOfRange = (name: string) =>
    expect.objectContaining({ name: 'RangeError', message: expect.stringContaining(`"job.${name}"`) });
  const wrongType = (name: string) =>
    expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(`"job.${name}"`) });

  it.each(['align', 'minChunk', 'maxThreads'])('refuses a wrong %s', async (name) => {
    for (const value of [0, -1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(await refused({ [name]: value })).toEqual(outOfRange(name));
    }
    for (const value of ['1', null, 1n, {}]) expect(await refused({ [name]: value })).toEqual(wrongType(name));
  });

  it.each(['start', 'size'])('refuses a wrong %s', async (name) => {
    for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(await refused({ [name]: value })).toEqual(outOfRange(name));
    }
    for (const value of ['1', null, 1n]) expect(await refused({ [name]: value })).toEqual(wrongType(name));
  });

  it('refuses a range that ends beyond 2^53 - 1', async () => {
    expect(await refused({ start: 1, size: Number.MAX_SAFE_INTEGER })).toEqual(outOfRange('size'));
    expect(await refused({ start: Number.MAX_SAFE_INTEGER, size: 1 })).toEqual(outOfRange('size'));
    expect(await refused({ size: undefined })).toEqual(wrongType('size'));
  });

  it('refuses what is no job, no thread function, no signal and no callback', async () => {
    for (const job of [undefined, null, 1, 'job']) {
      expect(await failure(run(instance(), wrong(job)))).toMatchObject({ name: 'TypeError' });
    }
    for (const threadFn of [undefined, () => {}, {}]) {
      expect(await refused({ threadFn })).toEqual(wrongType('threadFn'));
    }
    expect(await refused({ threadFn: noop })).toMatchObject({ code: 'EINVAL', syscall: 'padata_do_multithreaded' });
    expect(await refused({ signal: {} })).toEqual(wrongType('signal'));
    expect(await refused({ onProgress: 1 })).toEqual(wrongType('onProgress'));
    expect(await refused({ numaAware: 1 })).toEqual(wrongType('numaAware'));
  });

  it('refuses a function that was freed', async () => {
    const threadFn = range('countUnits');
    freeNativeFunction(threadFn);
    expect(await refused({ threadFn })).toMatchObject({ code: 'EINVAL' });
  });

  it('refuses memory nodes that are wrong, overlap or go backwards', async () => {
    const refusedNodes = (...memoryNodes: unknown[]) => refused({ numaAware: true, memoryNodes });
    expect(await refused({ memoryNodes: 5 })).toEqual(wrongType('memoryNodes'));
    expect(await refusedNodes(1)).toEqual(wrongType('memoryNodes[0]'));
    expect(await refusedNodes({ start: 5, end: 5, node: 0 })).toEqual(outOfRange('memoryNodes[0].end'));
    expect(await refusedNodes({ start: 0, end: 5, node: -1 })).toEqual(outOfRange('memoryNodes[0].node'));
    const first = { start: 0, end: 6, node: 0 };
    expect(await refusedNodes(first, { ...first, start: 5 })).toEqual(outOfRange('memoryNodes[1].start'));
  });

  it('runs nothing when something is wrong', async () => {
    const fnArg = shared(100);
    await failure(run(instance(), { threadFn: range('countUnits'), fnArg, size: 100, align: 0 }));
    expect(new Uint8Array(fnArg).every((count) => count === 0)).toBe(true);
  });

  it('refuses memory that is none', async () => {
    for (const fnArg of [1, 'memory', {}, [], new Map()]) expect(await refused({ fnArg })).toEqual(wrongType('fnArg'));
  });

  it.each(['stop', 'free', 'invalid'])('refuses jobs after %s', async (what) => {
    const padata = instance();
    if (what === 'stop') padata.stop();
    if (what === 'free') padata.free();
    if (what === 'invalid') padata.setCpumask('parallel', []);
    const error = await failure(run(padata, counted()));
    expect(error).toMatchObject({ name: 'PadataError', code: 'EINVAL', syscall: 'padata_do_multithreaded' });
  });

  it('is not begun with a signal that was aborted before', async () => {
    const fnArg = shared(100);
    const signal = AbortSignal.abort(new Error('before'));
    const error = await failure(run(instance(), { threadFn: range('countUnits'), fnArg, size: 100, signal }));
    expect(error.message).toBe('before');
    expect(new Uint8Array(fnArg).every((count) => count === 0)).toBe(true);
  });
});

describe.each(Object.entries(ways))('%s: memory', (_name, run) => {
  const size = 1000;
  it.each([
    ['a SharedArrayBuffer', () => shared(size)],
    ['a Uint8Array', () => new Uint8Array(shared(size))],
    ['a Float64Array', () => new Float64Array(shared(size))],
    ['a DataView', () => new DataView(shared(size))],
    ['a Buffer', () => Buffer.from(shared(size))],
    ['the memory of WebAssembly', () => newSharedWasmMemory()],
  ])('takes %s', async (_what, make) => {
    const fnArg = make();
    await run(instance(), { threadFn: range('countUnits'), fnArg, size });
    const bytes = ArrayBuffer.isView(fnArg) ? new Uint8Array(fnArg.buffer) : new Uint8Array(fnArg);
    expect(bytes.subarray(0, size).every((count) => count === 1)).toBe(true);
  });

  it('takes a part of a buffer, and no more', async () => {
    const all = new Uint8Array(shared(300));
    await run(instance(), { threadFn: range('countUnits'), fnArg: all.subarray(100, 200), size: 100 });
    expect(all.every((count, i) => count === (i >= 100 && i < 200 ? 1 : 0))).toBe(true);
    const error = await failure(
      run(instance(), { threadFn: range('countUnits'), fnArg: all.subarray(100, 200), size: 101 }),
    );
    expect(error).toMatchObject({ code: 'ERANGE', syscall: 'fixture.countUnits' });
  });

  it('takes none', async () => {
    for (const fnArg of [undefined, null]) {
      const error = await failure(run(instance(), { threadFn: range('countUnits'), fnArg, size: 1 }));
      expect(error).toMatchObject({ code: 'ERANGE' });
    }
  });

  it('takes up to three parts', async () => {
    const [from, to, none] = [new Uint8Array(shared(size)).fill(7), new Uint8Array(shared(size)), shared(0)];
    await run(instance(), { threadFn: range('copyParts'), fnArg: [from, to, none], size, maxThreads: 20 });
    expect(to.every((byte) => byte === 7)).toBe(true);
    for (const fnArg of [from, [from, to, none, none], [from, 5, none]]) {
      expect(await failure(run(instance(), { threadFn: range('copyParts'), fnArg, size }))).toMatchObject({
        name: 'TypeError',
      });
    }
  });

  it('believes no view what it says of itself', async () => {
    class Liar extends Uint8Array {
      override get byteLength() {
        return 1_000_000;
      }
    }
    const fnArg = new Liar(shared(100) as unknown as ArrayBuffer);
    expect(await failure(run(instance(), { threadFn: range('countUnits'), fnArg, size: 101 }))).toBeInstanceOf(Error);
    expect(fnArg.every((count) => count <= 1)).toBe(true);
  });
});

describe('memory that is not shared', () => {
  const job = () => ({ threadFn: range('countUnits'), fnArg: new Uint8Array(100), size: 100 });

  it('is taken where no JavaScript can run', () => {
    const small = job();
    instance().doMultithreadedSync(small);
    expect(small.fnArg.every((count) => count === 1)).toBe(true);
    const fnArg = new ArrayBuffer(70_000);
    instance().doMultithreadedSync({ threadFn: range('countUnits'), fnArg, size: 70_000 });
    expect(new Uint8Array(fnArg).every((count) => count === 1)).toBe(true);
  });

  it('is refused elsewhere, with the remedy', async () => {
    const error = await failure(instance().doMultithreaded(job()));
    expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('SharedArrayBuffer') });
    expect(() => instance().doMultithreadedSync({ ...job(), onProgress: () => {} })).toThrow(/SharedArrayBuffer/);
  });
});

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
