/** padata/kernel/2.6.34 beyond the document: wrong arguments, and padata_free where it cannot wait. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Job, moduleFunction, nativeFunction, PadataError } from 'padata';
import { echo, noop, spin } from 'padata/functions';
import * as first from 'padata/kernel/2.6.34';
import { alloc_workqueue, padata_alloc, padata_do_parallel, padata_do_serial, padata_free } from 'padata/kernel/2.6.34';
import { describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { setUpFirst } from '../support/kernel.js';
import { firstCpu, here, native, turns, until, within, wrong } from '../support/padata.js';

const { EINPROGRESS, EINVAL } = first;

/** What padata_free throws. */
function refusal(pinst: first.padata_instance, patience?: number): PadataError {
  try {
    padata_free(pinst, patience);
  } catch (error) {
    return error as PadataError;
  }
  throw new Error('padata_free has not thrown');
}

describe('wrong arguments', () => {
  const none: unknown[] = [undefined, null, 0, 'x', {}, []];

  it('give null where the kernel returns a pointer', () => {
    for (const name of [undefined, null, 7, '', {}]) expect(alloc_workqueue(wrong(name))).toBeNull();
    const wq = alloc_workqueue('wrong')!;
    for (const value of none) expect(padata_alloc(here, wrong(value))).toBeNull();
    for (const mask of [undefined, null, 3, '0-', [-1]]) expect(padata_alloc(wrong(mask), wq)).toBeNull();
    expect(wq.users).toBe(0);
    expect(first.destroy_workqueue(wq)).toBe(0);
  });

  it('give -EINVAL elsewhere', () => {
    for (const value of none.map(wrong)) {
      const { padata_start, padata_stop, padata_add_cpu, padata_remove_cpu } = first;
      expect([padata_start(value), padata_stop(value)]).toEqual([-EINVAL, -EINVAL]);
      expect([padata_add_cpu(value, 0), padata_remove_cpu(value, 0)]).toEqual([-EINVAL, -EINVAL]);
      expect([first.padata_set_cpumask(value, here), first.destroy_workqueue(value)]).toEqual([-EINVAL, -EINVAL]);
      expect(padata_do_parallel(value, { parallel: noop, serial() {} }, 0)).toBe(-EINVAL);
      expect(padata_do_serial(value)).toBe(-EINVAL);
      expect(() => padata_free(value)).toThrow(TypeError);
    }
    expect(() => padata_free(setUpFirst(), wrong('long'))).toThrow(TypeError);
  });

  it('instances and workqueues are made by their functions alone', () => {
    const pinst = setUpFirst();
    expect(() => Reflect.construct(pinst.constructor, [here])).toThrow(TypeError);
    expect(() => Reflect.construct(alloc_workqueue('made')!.constructor, ['made'])).toThrow(TypeError);
  });
});

describe('padata_free', () => {
  it('calls what remains of serial in order, from the call, in no asynchronous context', () => {
    const pinst = setUpFirst();
    const storage = new AsyncLocalStorage();
    const seen: unknown[] = [];
    const serial = (job: Job) => seen.push([(job.result as Uint8Array)[0], storage.getStore()]);
    for (let i = 0; i < 50; i++) padata_do_parallel(pinst, { parallel: echo, data: Buffer.of(i), serial }, firstCpu);
    storage.run('caller', () => padata_free(pinst));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => [i, undefined]));
  });

  it('waits for work that native functions have left outstanding', () => {
    const pinst = setUpFirst();
    let calls = 0;
    const task = (): Job => ({ parallel: native('later'), data: Buffer.of(1), serial: () => calls++ });
    for (let i = 0; i < 100; i++) padata_do_parallel(pinst, task(), firstCpu);
    padata_free(pinst);
    expect(calls).toBe(100);
  });

  it('waits for module functions, also where isolates have yet to start', () => {
    const pinst = setUpFirst();
    const seen: unknown[] = [];
    const parallel = moduleFunction<number, number>(new URL('../fixtures/modules/esm.mjs', import.meta.url));
    for (let data = 0; data < 20; data++) {
      const task: Job = { parallel, data, serial: ({ result, error }) => seen.push(error ?? result) };
      expect(padata_do_parallel(pinst, task, firstCpu)).toBe(-EINPROGRESS);
    }
    padata_free(pinst, 60_000);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i));
  });

  it('waits for a task that had begun when the mask was emptied', async () => {
    const pinst = setUpFirst();
    const gate = fixture.gate();
    let calls = 0;
    padata_do_parallel(pinst, { parallel: nativeFunction(gate.fn), serial: () => calls++ }, firstCpu);
    await until(() => gate.counts().waiting === 1, 'the task');
    first.padata_set_cpumask(pinst, []);
    gate.open();
    padata_free(pinst);
    expect(calls).toBe(1);
  });

  it('is EDEADLK if no CPU may run what remains; with a CPU it ends', () => {
    const pinst = setUpFirst();
    first.padata_set_cpumask(pinst, [firstCpu]);
    let calls = 0;
    for (let i = 0; i < 1000; i++) {
      padata_do_parallel(pinst, { parallel: spin(100_000), serial: () => calls++ }, firstCpu);
    }
    first.padata_set_cpumask(pinst, []);
    expect(refusal(pinst)).toMatchObject({ code: 'EDEADLK', syscall: 'padata_free' });
    expect(pinst.isStarted).toBe(true);
    first.padata_set_cpumask(pinst, here);
    padata_free(pinst);
    expect(calls).toBe(1000);
  });

  it('is EDEADLK while a closure is outstanding, and changes nothing', async () => {
    const pinst = setUpFirst();
    const task: Job = { parallel() {}, serial() {} };
    expect(padata_do_parallel(pinst, task, firstCpu)).toBe(-EINPROGRESS);
    const error = refusal(pinst);
    expect(error).toBeInstanceOf(PadataError);
    expect(error.message).toMatch(/^EDEADLK: 1 jobs remain: padata_do_serial is awaited of 1, .* padata_free$/);
    expect([pinst.isStarted, pinst.pending]).toEqual([true, 1]);
    await turns();
    expect(padata_do_serial(task)).toBe(0);
    padata_free(pinst); // its serial is called from here
    expect(pinst.pending).toBe(0);
  });

  it('is EDEADLK in a serial of the same instance, and waits in one of another', async () => {
    const pinst = setUpFirst();
    const other = setUpFirst();
    const seen: unknown[] = [];
    const free = () => seen.push(refusal(pinst).code);
    const freeOther = () => {
      padata_do_parallel(other, { parallel: noop, serial: () => seen.push('other') }, firstCpu);
      padata_free(other);
      seen.push('freed');
    };
    padata_do_parallel(pinst, { parallel: noop, serial: free }, firstCpu);
    padata_do_parallel(pinst, { parallel: noop, serial: freeOther }, firstCpu);
    padata_do_parallel(pinst, { parallel: noop, serial: () => seen.push('last') }, firstCpu);
    await until(() => pinst.pending === 0, 'serial()');
    expect(seen).toEqual(['EDEADLK', 'other', 'freed', 'last']);
  });

  it('in a serial of another instance: what is completed meanwhile has its turn afterwards', async () => {
    const pinst = setUpFirst();
    const other = setUpFirst();
    const seen: unknown[] = [];
    const freeOther = () => {
      padata_do_parallel(pinst, { parallel: noop, serial: () => seen.push('last') }, firstCpu);
      padata_do_parallel(other, { parallel: spin(5_000_000), serial: () => seen.push('other') }, firstCpu);
      padata_free(other);
    };
    padata_do_parallel(pinst, { parallel: noop, serial: freeOther }, firstCpu);
    await until(() => pinst.pending === 0, 'serial()');
    expect(seen).toEqual(['other', 'last']);
  });

  it('is ETIMEDOUT if a native function waits for JavaScript', async () => {
    const pinst = setUpFirst();
    const gate = fixture.gate();
    padata_do_parallel(pinst, { parallel: nativeFunction(gate.fn), serial() {} }, firstCpu);
    expect(refusal(pinst, 50)).toMatchObject({ code: 'ETIMEDOUT', syscall: 'padata_free' });
    expect(pinst.pending).toBe(1);
    gate.open();
    padata_free(pinst, Number.POSITIVE_INFINITY);
    expect(pinst.pending).toBe(0);
  });

  it('does not keep a Worker from being terminated', async () => {
    const code = `
      const first = require('padata/kernel/2.6.34');
      const wq = first.alloc_workqueue('worker');
      const pinst = first.padata_alloc(wq.cpus, wq);
      first.padata_start(pinst);
      const task = { parallel: require('padata/functions').spin(100_000_000), serial() {} };
      for (let i = 0; i < 1000; i++) first.padata_do_parallel(pinst, task, wq.cpus.first());
      require('node:worker_threads').parentPort.postMessage('waits');
      first.padata_free(pinst, Infinity);`;
    const worker = new Worker(code, { eval: true });
    await within(once(worker, 'message'), 'the Worker');
    expect(await within(worker.terminate(), 'its end')).toBe(1);
  });

  it('leaves the rest of the event loop as it was: other instances go on afterwards', async () => {
    const pinst = setUpFirst();
    const other = setUpFirst();
    let calls = 0;
    for (let i = 0; i < 1000; i++) {
      padata_do_parallel(other, { parallel: noop, serial: () => calls++ }, firstCpu);
      padata_do_parallel(pinst, { parallel: noop, serial: () => calls++ }, firstCpu);
    }
    padata_free(pinst);
    expect(calls).toBe(1000);
    await until(() => calls === 2000, 'serial()');
  });
});
