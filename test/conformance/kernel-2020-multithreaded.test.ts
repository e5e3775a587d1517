/** "The padata parallel execution mechanism", May 2020: Running Multithreaded Jobs. See docs/conformance.md. */
import { cpus, nativeFunction } from 'padata';
import { histogram, sum } from 'padata/functions';
import { EINVAL, padata_do_multithreaded } from 'padata/kernel';
import { expect } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { setUp, submit } from '../support/kernel.js';
import { ChunkRecord, chunksByTheRules, range, WaitState } from '../support/multithreaded.js';
import { here, until, within, wrong } from '../support/padata.js';
import { rulesOf } from '../support/sentences.js';

const rule = rulesOf('2020');

rule('Introduction', 4, 'a multithreaded job is split up evenly, and every unit is done once', () => {
  const fn_arg = new Uint8Array(100_000);
  expect(padata_do_multithreaded({ thread_fn: range('countUnits'), fn_arg, size: fn_arg.length })).toBe(0);
  expect(fn_arg.every((count) => count === 1)).toBe(true);
});

rule('Running Multithreaded Jobs', 1, 'the main thread takes part: it does the job alone if nobody helps', async () => {
  const { ps } = setUp();
  const gate = fixture.gate();
  for (let i = 0; i < here.length; i++) submit(ps, { parallel: nativeFunction(gate.fn), serial() {} });
  await until(() => gate.counts().waiting === here.length, 'all helpers are busy');
  const fn_arg = new Uint8Array(1000);
  const thread_fn = range('countUnits');
  expect(padata_do_multithreaded({ thread_fn, fn_arg, size: 1000, max_threads: here.length })).toBe(0);
  expect(fn_arg.every((count) => count === 1)).toBe(true);
  gate.open();
  await within(ps.drain(), 'drain');
});

rule('Running Multithreaded Jobs', 1, 'then it waits until all helpers have finished', () => {
  const turns = 5; // in each chunk a thread sleeps so often, and then adds 1 to the last byte
  const state = new WaitState({ turns, bytes: 24 });
  const size = 4 * here.length;
  const job = { thread_fn: range('touch'), fn_arg: state.words.buffer, size, max_threads: here.length };
  expect(padata_do_multithreaded(job)).toBe(0);
  const chunks = here.length === 1 ? 1 : size;
  expect([state.entered, new Uint8Array(state.words.buffer)[23]]).toEqual([chunks, (chunks * turns) % 256]);
});

rule(
  'Running Multithreaded Jobs',
  2,
  'the job is split into chunks, each of which is one call of the thread function',
  () => {
    for (const { start, size, align, min_chunk, max_threads } of [
      { start: 0, size: 1000, align: 1, min_chunk: 1, max_threads: 2 },
      { start: 13, size: 1000, align: 64, min_chunk: 10, max_threads: 3 },
      { start: 5, size: 12_345, align: 7, min_chunk: 500, max_threads: 8 },
      { start: 0, size: 1000, align: 1, min_chunk: 1000, max_threads: 8 },
    ]) {
      const record = new ChunkRecord();
      const fn_arg = record.memory;
      const job = { thread_fn: range('recordChunks'), fn_arg, start, size, align, min_chunk, max_threads };
      expect(padata_do_multithreaded(job)).toBe(0);
      const expected = chunksByTheRules({ start, size, align, minChunk: min_chunk, maxThreads: max_threads });
      expect(record.chunks()).toMatchObject(expected);
    }
  },
);

rule(
  'Running Multithreaded Jobs',
  3,
  'three things are needed, and no instance: a job, a thread function, the call',
  () => {
    const total = new Float64Array(1);
    const values = Float64Array.of(0.5, 1.5, 40);
    expect(padata_do_multithreaded({ thread_fn: sum, fn_arg: { values, total }, size: values.length })).toBe(0);
    expect(total[0]).toBe(42);
  },
);

rule('Running Multithreaded Jobs', 4, 'the job is described by one structure, and a wrong one is refused', () => {
  const right = { thread_fn: range('countUnits'), fn_arg: new Uint8Array(10), size: 10 };
  const zeroed = { start: 0, align: 0, min_chunk: 0, numa_aware: false };
  expect(padata_do_multithreaded({ ...right, ...zeroed, max_threads: cpus.allowed().weight })).toBe(0);
  for (const member of [
    { start: -1 },
    { size: -1 },
    { size: undefined },
    { align: 0.5 },
    { min_chunk: '1' },
    { max_threads: 0 },
    { numa_aware: 1 },
    { thread_fn: undefined },
    { fn_arg: 'x' },
  ]) {
    expect(padata_do_multithreaded(wrong({ ...right, ...member }))).toBe(-EINVAL);
  }
  for (const none of [undefined, null, 1]) expect(padata_do_multithreaded(wrong(none))).toBe(-EINVAL);
  expect([...right.fn_arg]).toEqual(Array(10).fill(1));
});

rule('Running Multithreaded Jobs', 5, 'the thread function of the job is called for each chunk', () => {
  const record = new ChunkRecord();
  const job = { thread_fn: range('recordChunks'), fn_arg: record.memory, size: 400, max_threads: 2, min_chunk: 50 };
  expect(padata_do_multithreaded(job)).toBe(0);
  expect(record.chunks().map(({ start }) => Number(start))).toEqual([0, 50, 100, 150, 200, 250, 300, 350]);
});

rule(
  'Running Multithreaded Jobs',
  6,
  'it gets start and end of its units, and the shared state, if there is any',
  () => {
    const record = new ChunkRecord();
    const job = { thread_fn: range('recordChunks'), fn_arg: record.memory, start: 1000, size: 7, max_threads: 1 };
    expect(padata_do_multithreaded(job)).toBe(0);
    expect(record.chunks()).toMatchObject([{ start: 1000n, end: 1007n }]);
    const ENOSPC = 28; // what this function says without shared state
    expect(padata_do_multithreaded({ ...job, fn_arg: undefined })).toBe(-ENOSPC);
  },
);

rule('Running Multithreaded Jobs', 7, 'the shared state may be memory of the main thread’s own', () => {
  const bytes = new Uint8Array(100_000).fill(7);
  const counts = new BigUint64Array(256);
  expect(padata_do_multithreaded({ thread_fn: histogram, fn_arg: { bytes, counts }, size: bytes.length })).toBe(0);
  expect(counts[7]).toBe(100_000n);
});

rule('Running Multithreaded Jobs', 8, 'the call returns when the job is finished, or has failed', () => {
  const fn_arg = new Uint8Array(1_000_000);
  for (let round = 1; round <= 20; round++) {
    expect(padata_do_multithreaded({ thread_fn: range('countUnits'), fn_arg, size: fn_arg.length })).toBe(0);
    expect(fn_arg.every((count) => count === round)).toBe(true);
  }
  const EIO = 5;
  const state = new WaitState({ errno: EIO, failsFrom: 0 });
  const failing = { thread_fn: range('waitHere'), fn_arg: state.words, size: 100, max_threads: 2 };
  expect(padata_do_multithreaded(failing)).toBe(-EIO);
  expect(padata_do_multithreaded({ ...failing, size: 0 })).toBe(0);
});
