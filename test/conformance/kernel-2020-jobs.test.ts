/** "The padata parallel execution mechanism", May 2020: Running A Job, Serializing Jobs, Destroying. See docs/conformance.md. */
import { type Job, nativeFunction } from 'padata';
import { crc32, noop } from 'padata/functions';
import {
  EBUSY,
  EINVAL,
  PADATA_CPU_PARALLEL,
  PADATA_CPU_SERIAL,
  padata_alloc,
  padata_alloc_shell,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  padata_free_shell,
  padata_set_cpumask,
  padata_start,
  padata_stop,
} from 'padata/kernel';
import { expect } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { ends, runScript } from '../support/child.js';
import { ALL_SIGNALS, asked, blockedSignals, OFFLINE, setUp, submit, whereOf } from '../support/kernel.js';
import { firstCpu, here, lastCpu, native, turns, until, within, wrong } from '../support/padata.js';
import { rulesOf } from '../support/sentences.js';

const rule = rulesOf('2020');
const nothing = (): Job => ({ parallel: noop, serial() {} });

rule('Running A Job', 1, 'what is submitted is a job; anything else is refused', () => {
  const { ps } = setUp();
  for (const none of [undefined, null, 1, 'job', {}]) expect(submit(ps, wrong(none))).toBe(-EINVAL);
  expect(ps.pending).toBe(0);
});

rule('Running A Job', 2, 'the job may be embedded in a larger structure, with data of its own', async () => {
  const { ps } = setUp();
  class Request {
    readonly text = 'attack at dawn';
    checksum = 0;
    /** struct padata_priv */
    readonly padata = { parallel: crc32, data: Buffer.from(this.text), result: 0, serial: () => this.done() };
    private done() {
      this.checksum = this.padata.result;
    }
  }
  const request = new Request();
  expect(submit(ps, request.padata)).toBe(0);
  await within(ps.drain(), 'drain');
  expect(request.checksum).toBe(0x5a34750a);
});

rule('Running A Job', 3, 'parallel and serial are all that a job has to have; both are needed', async () => {
  const { ps } = setUp();
  expect(submit(ps, wrong({ parallel: noop }))).toBe(-EINVAL);
  expect(submit(ps, wrong({ serial() {} }))).toBe(-EINVAL);
  let calls = 0;
  expect(submit(ps, { parallel: noop, serial: () => calls++ })).toBe(0);
  await within(ps.drain(), 'drain');
  expect(calls).toBe(1);
});

rule('Running A Job', 4, 'first parallel is called, then serial', async () => {
  const { ps } = setUp();
  const calls: string[] = [];
  const job: Job = {
    parallel(own: Job) {
      calls.push('parallel');
      padata_do_serial(own);
    },
    serial: () => calls.push('serial'),
  };
  expect(submit(ps, job)).toBe(0);
  await within(ps.drain(), 'drain');
  expect(calls).toEqual(['parallel', 'serial']);
});

rule('Running A Job', 6, 'shell and job have to be set up', () => {
  const { pinst, ps } = setUp();
  expect(submit(wrong(undefined), nothing())).toBe(-EINVAL);
  expect(submit(wrong(pinst), nothing())).toBe(-EINVAL);
  expect(padata_free_shell(ps)).toBe(0);
  expect(submit(ps, nothing())).toBe(-EINVAL);
});

rule('Running A Job', 6, 'a preferred CPU of the mask is taken, and the box stays as it is', async () => {
  const { ps } = setUp();
  for (const cpu of here) {
    const cb_cpu = Object.freeze({ value: cpu });
    const { job, result } = asked<Uint8Array>(native('where'));
    expect(padata_do_parallel(ps, job, cb_cpu)).toBe(0);
    expect(Buffer.from(await result).readInt32LE(4)).toBe(cpu); // struct where: cb_cpu
  }
});

rule('Running A Job', 6, 'one outside the mask is replaced, and the box says by which', async () => {
  const { pinst, ps } = setUp();
  padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [lastCpu, OFFLINE]);
  for (const value of [OFFLINE, OFFLINE + 1, 2 ** 31 - 1]) {
    const cb_cpu = { value };
    const recorder = fixture.recorder();
    expect(padata_do_parallel(ps, { parallel: noop, serial: nativeFunction(recorder.fn) }, cb_cpu)).toBe(0);
    await within(ps.drain(), 'drain');
    expect(cb_cpu.value).toBe(lastCpu);
    expect(recorder.take()[0]).toMatchObject({ cbCpu: lastCpu, runningCpu: lastCpu });
  }
});

rule('Running A Job', 7, 'zero means that the job is in progress', async () => {
  const { ps } = setUp();
  let calls = 0;
  expect(submit(ps, { parallel: noop, serial: () => calls++ })).toBe(0);
  expect([calls, ps.pending]).toEqual([0, 1]);
  await within(ps.drain(), 'drain');
  expect([calls, ps.pending]).toEqual([1, 0]);
});

rule('Running A Job', 8, '-EBUSY: another thread is changing the masks', async () => {
  if (here.length === 1) return console.log('skipped: one CPU only, so that no mask can change');
  const ended = await runScript('kernel-masks.cjs', ['busy', '2020'], { patience: 110_000 });
  expect(ended, ended.stderr).toMatchObject(ends(0, `{"returned":[${-EBUSY},0],"lost":0}\n`));
});

rule('Running A Job', 8, '-EINVAL: cb_cpu is not in the serial mask, and none of it can take its place', async () => {
  const { pinst, ps } = setUp();
  padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [OFFLINE]);
  const cb_cpu = { value: firstCpu };
  expect(padata_do_parallel(ps, nothing(), cb_cpu)).toBe(-EINVAL);
  expect(cb_cpu.value).toBe(firstCpu);
  padata_set_cpumask(pinst, PADATA_CPU_SERIAL, here);
  for (const value of [-1, 2 ** 31, 0.5, Number.NaN, wrong('0')]) expect(submit(ps, nothing(), value)).toBe(-EINVAL);
  expect(padata_do_parallel(ps, nothing(), wrong(undefined))).toBe(-EINVAL);
});

rule('Running A Job', 8, '-EINVAL: no CPU of the parallel mask is online', async () => {
  const { pinst, ps } = setUp();
  for (const mask of [[], [OFFLINE]]) {
    expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, mask)).toBe(0);
    expect(submit(ps, nothing())).toBe(-EINVAL);
  }
  expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [OFFLINE, lastCpu])).toBe(0);
  expect(submit(ps, nothing())).toBe(0);
  await within(ps.drain(), 'drain');
});

rule('Running A Job', 8, '-EINVAL: no CPU of the serial mask is online', async () => {
  const { pinst, ps } = setUp();
  for (const mask of [[], [OFFLINE]]) {
    expect(padata_set_cpumask(pinst, PADATA_CPU_SERIAL, mask)).toBe(0);
    expect(submit(ps, nothing())).toBe(-EINVAL);
  }
  expect(padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [OFFLINE, lastCpu])).toBe(0);
  expect(submit(ps, nothing())).toBe(0);
  await within(ps.drain(), 'drain');
});

rule('Running A Job', 8, '-EINVAL: the instance is stopped', async () => {
  const { pinst, ps } = setUp();
  expect(padata_stop(pinst)).toBe(0);
  expect(submit(ps, nothing())).toBe(-EINVAL);
  expect(padata_start(pinst)).toBe(0);
  expect(submit(ps, nothing())).toBe(0);
  await within(ps.drain(), 'drain');
});

rule('Running A Job', 9, 'each job gets one call of parallel, on one CPU; several jobs run at once', async () => {
  const { ps } = setUp();
  const recorder = fixture.recorder();
  const parallel = nativeFunction(recorder.fn);
  const seen: number[] = [];
  for (let i = 0; i < 1000; i++) expect(submit(ps, { parallel, serial: () => seen.push(i) })).toBe(0);
  await within(ps.drain(), 'drain');
  const calls = recorder.take();
  expect(new Set(calls.map(({ seqNr }) => seqNr)).size).toBe(1000);
  expect(calls.length).toBe(1000);
  expect(calls.every(({ cpu, runningCpu }) => here.includes(cpu) && cpu === runningCpu)).toBe(true);

  const gate = fixture.gate();
  for (let i = 0; i < here.length; i++) submit(ps, { parallel: nativeFunction(gate.fn), serial() {} });
  await until(() => gate.counts().waiting === here.length, 'a job on each CPU');
  gate.open();
  await within(ps.drain(), 'drain');
});

rule('Running A Job', 10, 'parallel is not interrupted: every signal is blocked', async () => {
  const { ps } = setUp();
  const { blockedSignals: blocked } = await whereOf(native('where'), (job) => submit(ps, job));
  expect(blocked).toEqual(ALL_SIGNALS);
});

rule('Running A Job', 10, 'a parallel that sleeps all the same holds up no other job', async () => {
  const { ps } = setUp();
  const other = padata_alloc_shell(ps.instance)!;
  const gate = fixture.gate();
  expect(submit(ps, { parallel: nativeFunction(gate.fn), serial() {} })).toBe(0);
  await until(() => gate.counts().waiting === 1, 'a job that sleeps');
  if (here.length > 1) {
    for (let i = 0; i < 100; i++) expect(submit(other, nothing())).toBe(0);
    await within(other.drain(), 'drain');
  }
  gate.open();
  await within(ps.drain(), 'drain');
});

rule('Running A Job', 11, 'parallel gets the job as its only argument, and so the structure around it', async () => {
  const { ps } = setUp();
  const calls: unknown[][] = [];
  const job = {
    secret: 42,
    parallel(...args: unknown[]) {
      calls.push([...args, this]);
      padata_do_serial(job);
    },
    serial(...args: unknown[]) {
      calls.push([...args, this]);
    },
  };
  expect(submit(ps, job)).toBe(0);
  await within(ps.drain(), 'drain');
  expect(calls.map((args) => args.map((arg) => arg === job))).toEqual([
    [true, true],
    [true, true],
  ]);
});

rule('Running A Job', 12, 'what parallel returns means nothing: the job is its own until it says so', async () => {
  const { ps } = setUp();
  const job: Job = { parallel: (() => true) as () => void, serial() {} };
  expect(submit(ps, job)).toBe(0);
  await turns();
  expect(ps.pending).toBe(1);
  expect(padata_do_serial(job)).toBe(0);
  await within(ps.drain(), 'drain');
});

rule('Running A Job', 13, 'parallel may leave work outstanding, and is called with the next job before', async () => {
  const { ps } = setUp();
  const outstanding: Job[] = [];
  const order: Job[] = [];
  const parallel = (job: Job) => void outstanding.push(job);
  const jobs = Array.from({ length: 10 }, (): Job => ({ parallel, serial: (job) => order.push(job) }));
  for (const job of jobs) expect(submit(ps, job)).toBe(0);
  await turns();
  expect([outstanding, order]).toEqual([jobs, []]);
  for (const job of outstanding.reverse()) expect(padata_do_serial(job)).toBe(0);
  await within(ps.drain(), 'drain');
  expect(order.every((job, i) => job === jobs[i])).toBe(true);

  const sums: unknown[] = [];
  const later = (i: number): Job => ({
    parallel: native('later'), // a thread of the fixture completes these, the newest first
    data: Buffer.of(i),
    serial: (job) => sums.push((job.result as Uint8Array)[0]),
  });
  for (let i = 0; i < 100; i++) expect(submit(ps, later(i))).toBe(0);
  await within(ps.drain(), 'drain');
  expect(sums).toEqual(Array.from({ length: 100 }, (_, i) => 255 - i));
});

rule('Serializing Jobs', 1, 'parallel, or whatever finishes the work, says that a job is complete: once', async () => {
  const { ps } = setUp();
  const inParallel: Job = { parallel: (job: Job) => void padata_do_serial(job), serial() {} };
  const byTimer: Job = { parallel: (job: Job) => void setTimeout(() => padata_do_serial(job), 5), serial() {} };
  expect([submit(ps, inParallel), submit(ps, byTimer)]).toEqual([0, 0]);
  await within(ps.drain(), 'drain');
  for (const job of [inParallel, byTimer, nothing()]) expect(padata_do_serial(job)).toBe(-EINVAL);
  for (const none of [undefined, null, 1]) expect(padata_do_serial(wrong(none))).toBe(-EINVAL);
});

rule('Serializing Jobs', 2, 'serial is called some time after that, and not from within it', async () => {
  const { ps } = setUp();
  let calls = 0;
  const job: Job = { parallel() {}, serial: () => calls++ };
  submit(ps, job);
  await turns();
  expect(calls).toBe(0);
  expect(padata_do_serial(job)).toBe(0);
  expect(calls).toBe(0);
  await within(ps.drain(), 'drain');
  expect(calls).toBe(1);
});

rule(
  'Serializing Jobs',
  3,
  'a native serial runs on the CPU that was asked for, with every signal blocked',
  async () => {
    const { ps } = setUp();
    for (const cpu of here) {
      const recorder = fixture.recorder();
      const job = { parallel: noop, serial: nativeFunction(recorder.fn) };
      expect(submit(ps, job, cpu)).toBe(0);
      await within(ps.drain(), 'drain');
      expect(recorder.take()[0]).toMatchObject({ cbCpu: cpu, runningCpu: cpu, threadName: `padata/s${cpu}` });
      expect(blockedSignals(`padata/s${cpu}`)).toEqual(ALL_SIGNALS);
    }
  },
);

rule('Serializing Jobs', 4, 'serial waits for the jobs that were submitted before', async () => {
  const { ps } = setUp();
  const order: number[] = [];
  const first: Job = { parallel() {}, serial: () => order.push(0) };
  submit(ps, first);
  for (let i = 1; i < 10; i++) submit(ps, { parallel: noop, serial: () => order.push(i) });
  await turns(100);
  expect(order).toEqual([]);
  expect(padata_do_serial(first)).toBe(0);
  await within(ps.drain(), 'drain');
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

rule('Destroying', 1, 'what was allocated is freed in reverse: shells, then the instance', () => {
  const pinst = padata_alloc('destroyed')!;
  const ps = padata_alloc_shell(pinst)!;
  expect(padata_free(pinst)).toBe(-EBUSY);
  expect(submit(ps, wrong(null))).toBe(-EINVAL); // it is still there
  expect([padata_free_shell(ps), padata_free(pinst)]).toEqual([0, 0]);
  expect(padata_alloc_shell(pinst)).toBeNull();
  expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, here)).toBe(-EINVAL);
  expect(padata_free_shell(null)).toBe(0);
});

rule('Destroying', 2, 'a shell with outstanding jobs is not freed, and nothing is changed by the attempt', async () => {
  const pinst = padata_alloc('destroyed')!;
  const ps = padata_alloc_shell(pinst)!;
  let calls = 0;
  const job: Job = { parallel() {}, serial: () => calls++ };
  expect(submit(ps, job)).toBe(0);
  expect([padata_free_shell(ps), padata_free(pinst)]).toEqual([-EBUSY, -EBUSY]);
  await turns();
  expect(padata_do_serial(job)).toBe(0);
  await within(ps.drain(), 'drain');
  expect([calls, padata_free_shell(ps), padata_free(pinst)]).toEqual([1, 0, 0]);
});
