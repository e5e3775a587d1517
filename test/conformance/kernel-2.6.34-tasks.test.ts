/** "The padata parallel execution mechanism, last updated for 2.6.34", by paragraphs: tasks, from submission to the end. See docs/conformance.md. */
import { type Job, nativeFunction } from 'padata';
import { crc32, noop, spin } from 'padata/functions';
import {
  alloc_workqueue,
  destroy_workqueue,
  EBUSY,
  EINPROGRESS,
  EINVAL,
  padata_add_cpu,
  padata_alloc,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  padata_set_cpumask,
  padata_start,
} from 'padata/kernel/2.6.34';
import { expect } from 'vitest';
import { decodeWhere, fixture } from '../fixtures/native-addon/index.js';
import { ends, runScript } from '../support/child.js';
import { ALL_SIGNALS, asked, blockedSignals, OFFLINE, setUpFirst, threadCpuMs, whereOf } from '../support/kernel.js';
import { firstCpu, here, lastCpu, native, turns, until, wrong } from '../support/padata.js';
import { rulesOf } from '../support/sentences.js';

const rule = rulesOf('2.6.34');
const nothing = (): Job => ({ parallel: noop, serial() {} });
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

rule('paragraph 8', 1, 'what is submitted is a task; anything else is refused', () => {
  const pinst = setUpFirst();
  for (const none of [undefined, null, 1, 'task', {}]) {
    expect(padata_do_parallel(pinst, wrong(none), firstCpu)).toBe(-EINVAL);
  }
  expect(pinst.pending).toBe(0);
});

rule('paragraph 9', 1, 'the task may be embedded in a larger structure, with data of its own', () => {
  const pinst = setUpFirst();
  const request = {
    checksum: 0,
    padata: {
      parallel: crc32,
      data: Buffer.from('attack at dawn'),
      result: 0,
      serial(padata: { result: number }) {
        request.checksum = padata.result;
      },
    },
  };
  expect(padata_do_parallel(pinst, request.padata, firstCpu)).toBe(-EINPROGRESS);
  padata_free(pinst);
  expect(request.checksum).toBe(0x5a34750a);
});

rule('paragraph 9', 2, 'parallel and serial are all that a task has to have; both are needed', () => {
  const pinst = setUpFirst();
  expect(padata_do_parallel(pinst, wrong({ parallel: noop }), firstCpu)).toBe(-EINVAL);
  expect(padata_do_parallel(pinst, wrong({ serial() {} }), firstCpu)).toBe(-EINVAL);
  expect(padata_do_parallel(pinst, nothing(), firstCpu)).toBe(-EINPROGRESS);
});

rule('paragraph 9', 3, 'first parallel is called, then serial', async () => {
  const pinst = setUpFirst();
  const calls: string[] = [];
  const task: Job = {
    parallel(own: Job) {
      calls.push('parallel');
      padata_do_serial(own);
    },
    serial: () => calls.push('serial'),
  };
  expect(padata_do_parallel(pinst, task, firstCpu)).toBe(-EINPROGRESS);
  await until(() => pinst.pending === 0, 'serial()');
  expect(calls).toEqual(['parallel', 'serial']);
});

rule('paragraph 11', 1, 'cb_cpu says where the final callback is made; every CPU of the mask will do', async () => {
  const pinst = setUpFirst();
  for (const cpu of here) {
    const { job, result } = asked<Uint8Array>(native('where'));
    expect(padata_do_parallel(pinst, job, cpu)).toBe(-EINPROGRESS);
    expect(decodeWhere(await result).cbCpu).toBe(cpu);
  }
});

rule('paragraph 11', 2, 'zero is an error: padata_start was forgotten', () => {
  const wq = alloc_workqueue('forgotten')!;
  const pinst = padata_alloc(here, wq)!;
  expect(padata_do_parallel(pinst, nothing(), firstCpu)).toBe(0);
  expect(pinst.pending).toBe(0);
  padata_free(pinst);
  expect(padata_do_parallel(pinst, nothing(), firstCpu)).toBe(0); // and it never will be
  expect(padata_start(pinst)).toBe(-EINVAL);
  expect(destroy_workqueue(wq)).toBe(0);
});

rule('paragraph 11', 3, '-EBUSY: another thread is changing the mask', async () => {
  if (here.length === 1) return console.log('skipped: one CPU only, so that no mask can change');
  const ended = await runScript('kernel-masks.cjs', ['busy', '2.6.34'], { patience: 110_000 });
  expect(ended, ended.stderr).toMatchObject(ends(0, `{"returned":[${-EBUSY},0],"lost":0}\n`));
});

rule('paragraph 11', 3, '-EINVAL: cb_cpu is not in the mask', () => {
  const pinst = setUpFirst([lastCpu]);
  for (const cpu of [lastCpu + 1, OFFLINE, -1, 0.5, wrong(undefined)]) {
    expect(padata_do_parallel(pinst, nothing(), cpu)).toBe(-EINVAL);
  }
  if (here.length > 1) expect(padata_do_parallel(pinst, nothing(), firstCpu)).toBe(-EINVAL);
  expect(padata_do_parallel(pinst, nothing(), lastCpu)).toBe(-EINPROGRESS);
});

rule('paragraph 11', 3, '-EINVAL: cb_cpu is in the mask, but offline', async () => {
  const pinst = setUpFirst([lastCpu, OFFLINE]);
  expect(padata_do_parallel(pinst, nothing(), OFFLINE)).toBe(-EINVAL);
  expect(padata_do_parallel(pinst, nothing(), lastCpu)).toBe(-EINPROGRESS);
  if (here.length === 1) return console.log('skipped: one CPU only, so that none can go and come');
  expect(await runScript('kernel-masks.cjs', ['away', '2.6.34'])).toMatchObject(ends(0, '{"set":0}\n'));
});

rule('paragraph 11', 3, '-EINVAL: the mask is empty, or nothing of it is online', () => {
  const pinst = setUpFirst();
  for (const mask of [[], [OFFLINE]]) {
    expect(padata_set_cpumask(pinst, mask)).toBe(0);
    for (const cpu of [firstCpu, OFFLINE]) expect(padata_do_parallel(pinst, nothing(), cpu)).toBe(-EINVAL);
  }
});

rule('paragraph 11', 4, '-EINPROGRESS: all is well, and the work goes on', async () => {
  const pinst = setUpFirst();
  let calls = 0;
  expect(padata_do_parallel(pinst, { parallel: noop, serial: () => calls++ }, firstCpu)).toBe(-EINPROGRESS);
  expect([calls, pinst.pending]).toEqual([0, 1]);
  await until(() => pinst.pending === 0, 'serial()');
  expect(calls).toBe(1);
});

rule('paragraph 12', 1, 'each task gets one call of parallel, on one CPU', () => {
  const pinst = setUpFirst();
  const recorder = fixture.recorder();
  const parallel = nativeFunction(recorder.fn);
  for (let i = 0; i < 1000; i++) padata_do_parallel(pinst, { parallel, serial() {} }, firstCpu);
  padata_free(pinst);
  const calls = recorder.take();
  expect(calls.map(({ seqNr }) => seqNr).sort((a, b) => a - b)).toEqual(upTo(1000));
  expect(calls.every(({ cpu, runningCpu }) => here.includes(cpu) && cpu === runningCpu)).toBe(true);
});

rule('paragraph 12', 2, 'parallel is not interrupted: every signal is blocked', async () => {
  const pinst = setUpFirst();
  const where = await whereOf(native('where'), (task) => padata_do_parallel(pinst, task, firstCpu));
  expect(where.blockedSignals).toEqual(ALL_SIGNALS);
});

rule('paragraph 12', 3, 'parallel gets the task as its only argument, and so the structure around it', async () => {
  const pinst = setUpFirst();
  const calls: unknown[][] = [];
  const task = {
    secret: 42,
    parallel(...args: unknown[]) {
      calls.push(args);
      padata_do_serial(task);
    },
    serial: (...args: unknown[]) => calls.push(args),
  };
  expect(padata_do_parallel(pinst, task, firstCpu)).toBe(-EINPROGRESS);
  await until(() => pinst.pending === 0, 'serial()');
  expect(calls.map((args) => args.map((arg) => arg === task))).toEqual([[true], [true]]);
});

rule('paragraph 13', 1, 'what parallel returns means nothing: the task is its own until it says so', async () => {
  const pinst = setUpFirst();
  const task: Job = { parallel: (() => true) as () => void, serial() {} };
  padata_do_parallel(pinst, task, firstCpu);
  await turns();
  expect(pinst.pending).toBe(1);
  expect(padata_do_serial(task)).toBe(0);
});

rule('paragraph 13', 2, 'parallel may leave work outstanding, and is called with the next task before', async () => {
  const pinst = setUpFirst();
  const outstanding: Job[] = [];
  const order: Job[] = [];
  const parallel = (task: Job) => void outstanding.push(task);
  const tasks = upTo(10).map((): Job => ({ parallel, serial: (task) => order.push(task) }));
  for (const task of tasks) expect(padata_do_parallel(pinst, task, firstCpu)).toBe(-EINPROGRESS);
  await turns();
  expect([outstanding.length, order.length]).toEqual([10, 0]);
  for (const task of outstanding.reverse()) expect(padata_do_serial(task)).toBe(0);
  await until(() => pinst.pending === 0, 'serial()');
  expect(order.every((task, i) => task === tasks[i])).toBe(true);
});

rule('paragraph 13', 3, 'parallel, or whatever finishes the work, says that a task is complete: once', async () => {
  const pinst = setUpFirst();
  const inParallel: Job = { parallel: (task: Job) => void padata_do_serial(task), serial() {} };
  const byTimer: Job = { parallel: (task: Job) => void setTimeout(() => padata_do_serial(task), 5), serial() {} };
  for (const task of [inParallel, byTimer]) expect(padata_do_parallel(pinst, task, firstCpu)).toBe(-EINPROGRESS);
  await until(() => pinst.pending === 0, 'serial()');
  for (const task of [inParallel, byTimer, nothing()]) expect(padata_do_serial(task)).toBe(-EINVAL);
});

rule('paragraph 14', 1, 'serial is called some time after that, and not from within it', async () => {
  const pinst = setUpFirst();
  let calls = 0;
  const task: Job = { parallel() {}, serial: () => calls++ };
  padata_do_parallel(pinst, task, firstCpu);
  await turns();
  expect([calls, padata_do_serial(task), calls]).toEqual([0, 0, 0]);
  await until(() => pinst.pending === 0, 'serial()');
  expect(calls).toBe(1);
});

rule('paragraph 14', 2, 'a native serial runs on the CPU that was asked for, with every signal blocked', () => {
  for (const cpu of here) {
    const pinst = setUpFirst();
    const recorder = fixture.recorder();
    const task = { parallel: noop, serial: nativeFunction(recorder.fn) };
    expect(padata_do_parallel(pinst, task, cpu)).toBe(-EINPROGRESS);
    padata_free(pinst);
    expect(recorder.take()[0]).toMatchObject({ cbCpu: cpu, runningCpu: cpu, threadName: `padata/s${cpu}` });
    expect(blockedSignals(`padata/s${cpu}`)).toEqual(ALL_SIGNALS);
  }
});

rule('paragraph 14', 3, 'serial waits for the tasks that were submitted before', async () => {
  const pinst = setUpFirst();
  const order: number[] = [];
  const first: Job = { parallel() {}, serial: () => order.push(0) };
  padata_do_parallel(pinst, first, firstCpu);
  for (let i = 1; i < 10; i++) padata_do_parallel(pinst, { parallel: noop, serial: () => order.push(i) }, firstCpu);
  await turns(100);
  expect(order).toEqual([]);
  expect(padata_do_serial(first)).toBe(0);
  await until(() => pinst.pending === 0, 'serial()');
  expect(order).toEqual(upTo(10));
});

rule('paragraph 15', 1, 'one function cleans an instance up, and nothing can be done with it then', () => {
  const wq = alloc_workqueue('clean')!;
  const pinst = padata_alloc(here, wq)!;
  padata_free(pinst);
  padata_free(pinst); // the second time there is nothing to do
  expect(wq.users).toBe(0);
  expect([padata_start(pinst), padata_set_cpumask(pinst, here), padata_add_cpu(pinst, 0)]).toEqual([
    -EINVAL,
    -EINVAL,
    -EINVAL,
  ]);
  expect(destroy_workqueue(wq)).toBe(0);
});

rule('paragraph 16', 1, 'freeing waits until the remaining tasks are done, and keeps no CPU busy', () => {
  const pinst = setUpFirst();
  let calls = 0;
  const slow = spin(100_000_000);
  for (let i = 0; i < 8; i++) padata_do_parallel(pinst, { parallel: slow, serial: () => calls++ }, firstCpu);
  const before = threadCpuMs();
  padata_free(pinst);
  expect(calls).toBe(8);
  expect(threadCpuMs() - before).toBeLessThan(100); // of CPU time, not of time; the tasks took 800 together
});

rule('paragraph 16', 2, 'the workqueue is shut down separately, after its instances', () => {
  const wq = alloc_workqueue('separate')!;
  const pinst = padata_alloc(here, wq)!;
  expect(destroy_workqueue(wq)).toBe(-EBUSY);
  padata_free(pinst);
  const next = padata_alloc(here, wq)!; // it has outlived the first
  padata_start(next);
  expect(padata_do_parallel(next, nothing(), firstCpu)).toBe(-EINPROGRESS);
  padata_free(next);
  expect([destroy_workqueue(wq), destroy_workqueue(wq)]).toEqual([0, 0]);
  expect(padata_alloc(here, wq)).toBeNull();
});
