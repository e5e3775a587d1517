/** What a multithreaded job takes: its arguments and its memory. */
import { noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { freeNativeFunction } from '../../dist/internal/make-native-function.js';
import { counted, failure, range, shared, ways } from '../support/multithreaded.js';
import { instance, wrong } from '../support/padata.js';

/** The types of Node leave WebAssembly to those of browsers. */
function newSharedWasmMemory(): SharedArrayBuffer {
  const { Memory } = Reflect.get(globalThis, 'WebAssembly');
  return new Memory({ initial: 1, maximum: 2, shared: true }).buffer;
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
