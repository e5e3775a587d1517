import { type Cpumasks, cpus, type Job, Padata } from 'padata';
import { noop, spin } from 'padata/functions';
import { describe, expect, it, vi } from 'vitest';
import { firstCpu, here, instance, lastCpu, turns, within, wrong } from '../support/padata.js';

const freed = (syscall: string) => expect.objectContaining({ code: 'EINVAL', errno: -22, syscall });

describe('new Padata()', () => {
  it('keeps its name, which need not be unique', () => {
    expect([instance().name, instance().name]).toEqual(['test', 'test']);
  });

  it('takes masks in every form', () => {
    for (const mask of [
      `${firstCpu}`,
      [firstCpu],
      1n << BigInt(firstCpu),
      new Set([firstCpu]),
      `0x${(1 << firstCpu).toString(16)}`,
    ]) {
      expect([...instance({ parallel: mask, serial: mask }).usable.serial]).toEqual([firstCpu]);
    }
  });

  it('may be invalid from the beginning', () => {
    expect(instance({ parallel: [] }).state).toBe('invalid');
    expect(instance({ serial: [4000] }).state).toBe('invalid');
    expect([...instance({ parallel: [] }).usable.parallel]).toEqual([]);
  });

  it('can be made and freed a thousand times', () => {
    for (let i = 0; i < 1000; i++) {
      const padata = new Padata(`instance ${i}`);
      padata.createShell().free();
      padata.free();
    }
  });
});

describe('masks', () => {
  it('cannot be changed through what the getters return', () => {
    const padata = instance();
    expect(() => Object.assign(padata.cpumask, { parallel: undefined })).toThrow(TypeError);
    expect(padata.cpumask.parallel.equals(cpus.possible())).toBe(true);
    expect(() => Object.assign(padata, { usable: undefined })).toThrow(TypeError);
  });
});

describe('events', () => {
  it("'cpumask' tells what was usable and what is, after setCpumask has returned", async () => {
    const padata = instance();
    const changes: { before: Cpumasks; after: Cpumasks }[] = [];
    padata.on('cpumask', (change) => changes.push(change));
    padata.setCpumask('parallel', [lastCpu]);
    expect(changes).toEqual([]);
    await turns(1);
    padata.setCpumask('parallel', [lastCpu, 4000]); // nothing else is usable
    await turns(1);
    expect(changes.length).toBe(here.length > 1 ? 1 : 0);
    for (const { before, after } of changes) {
      expect([...before.parallel]).toEqual([...here]);
      expect([...after.parallel]).toEqual([lastCpu]);
      expect([...after.serial]).toEqual([...here]);
    }
  });

  it("'invalid' is told when a mask has no usable CPU any more", async () => {
    const padata = instance();
    const invalid = vi.fn();
    padata.on('invalid', invalid);
    padata.setCpumask('serial', []);
    await turns(1);
    expect(invalid).toHaveBeenCalledTimes(1);
    padata.setCpumask('serial', here);
    await turns(1);
    expect(invalid).toHaveBeenCalledTimes(1);
  });
});

describe('stats()', () => {
  it('tells name, state, shells, and what is pending', async () => {
    const padata = instance();
    const idle = { jobs: 0, usableSince: expect.any(Date) };
    expect(padata.stats()).toMatchObject({ name: 'test', state: 'running', pending: 0, shells: 0 });
    expect(padata.stats().cpus).toEqual([...here].map((cpu) => expect.objectContaining({ cpu, ...idle })));
    const shells = [padata.createShell(), padata.createShell()];
    const stuck: Job = { parallel: () => {}, serial: () => {} };
    for (const shell of shells) shell.doParallel(stuck);
    expect(padata.stats()).toMatchObject({ pending: 2, shells: 2 });
    for (const shell of shells) shell.doSerial(stuck);
    await Promise.all(shells.map((shell) => shell.drain()));
    expect(padata.stats()).toMatchObject({ pending: 0, shells: 2 });
  });

  it('counts native jobs by the CPU they ran on', async () => {
    const padata = instance({ parallel: [lastCpu] });
    const shell = padata.createShell();
    for (let i = 0; i < 1000; i++) shell.doParallel({ parallel: noop, serial: () => {} });
    await within(shell.drain(), 'drain');
    expect(padata.stats().cpus.filter(({ jobs }) => jobs !== 0)).toMatchObject([{ cpu: lastCpu, jobs: 1000 }]);
  });

  it('has counted every native job that was serialized, also while masks change', async () => {
    const padata = instance();
    const shell = padata.createShell();
    let submitted = 0;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < 50; i++) shell.doParallel({ parallel: i % 2 === 0 ? noop : spin(2000), serial: () => {} });
      shell.doParallel({ parallel: (job: Job) => shell.doSerial(job), serial: () => {} });
      submitted += 50;
      padata.setCpumask('parallel', round % 3 === 0 ? here : [round % 3 === 1 ? firstCpu : lastCpu]);
      if (round % 2 === 0) await turns(1);
      else await within(shell.drain(), 'drain');
      const counted = padata.stats().cpus.reduce((sum, { jobs }) => sum + jobs, 0);
      if (round % 2 === 1) expect(counted).toBe(submitted);
    }
  });
});

describe('stop() and start()', () => {
  it('may be called twice', () => {
    const padata = instance();
    padata.stop();
    padata.stop();
    expect(padata.state).toBe('stopped');
    padata.start();
    padata.start();
    expect(padata.state).toBe('running');
  });

  it("'stopped' comes before 'invalid'", () => {
    const padata = instance({ parallel: [] });
    padata.stop();
    expect(padata.state).toBe('stopped');
    padata.start();
    expect(padata.state).toBe('invalid');
  });
});

describe('free()', () => {
  it('ends everything but what only looks', () => {
    const padata = new Padata('freed');
    padata.free();
    padata.free();
    padata.stop();
    expect(padata.state).toBe('stopped');
    expect(padata.stats()).toEqual({ name: 'freed', state: 'stopped', isolates: [], pending: 0, shells: 0, cpus: [] });
    expect([...padata.usable.parallel]).toEqual([...here]);
    expect(() => padata.start()).toThrow(freed('padata_start'));
    expect(() => padata.createShell()).toThrow(freed('padata_alloc_shell'));
    expect(() => padata.setCpumask('parallel', [0])).toThrow(freed('padata_set_cpumask'));
  });
});

describe('close()', () => {
  it('waits for the jobs, frees the shells and the instance', async () => {
    const padata = new Padata('closed');
    const shells = Array.from({ length: 3 }, () => padata.createShell());
    let delivered = 0;
    for (const shell of shells) {
      for (let i = 0; i < 500; i++) shell.doParallel({ parallel: noop, serial: () => delivered++ });
    }
    const closing = padata.close();
    expect(padata.close()).toBe(closing);
    await within(closing, 'close');
    expect(delivered).toBe(1500);
    for (const shell of shells) expect(() => shell.doParallel({ parallel: noop, serial() {} })).toThrow(/EINVAL/);
  });

  it('is final: no shells and no start while it waits', async () => {
    const padata = new Padata('closing');
    const shell = padata.createShell();
    const stuck: Job = { parallel: () => {}, serial: () => {} };
    shell.doParallel(stuck);
    const closing = padata.close();
    expect(() => padata.createShell()).toThrow(freed('padata_alloc_shell'));
    expect(() => padata.start()).toThrow(freed('padata_start'));
    expect(() => shell.doParallel({ parallel: noop, serial() {} })).toThrow(/EINVAL/);
    shell.doSerial(stuck);
    await within(closing, 'close');
  });

  it('completes with ECANCELED what no CPU can run, in order, also what threads had claimed', async () => {
    for (let round = 0; round < 60; round++) {
      const padata = new Padata('stranded', { parallel: [round % 2 === 0 ? firstCpu : lastCpu] });
      const shell = padata.createShell();
      const work = spin(round % 3 === 0 ? 20_000 : 500);
      const order: number[] = [];
      const errors = new Set<string | undefined>();
      for (let i = 0; i < 1000; i++) {
        const serial = (job: Job) => {
          order.push(i);
          errors.add((job.error as { code?: string } | undefined)?.code);
        };
        shell.doParallel({ parallel: work, serial });
      }
      await turns(round % 5);
      padata.setCpumask('parallel', []);
      await within(padata.close(), 'close');
      expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
      expect([...errors].filter((code) => code !== undefined && code !== 'ECANCELED')).toEqual([]);
    }
  });

  it('cancels also if the instance becomes invalid while it waits', async () => {
    const padata = new Padata('stranded later', { parallel: [firstCpu] });
    const shell = padata.createShell();
    let serialCalls = 0;
    for (let i = 0; i < 500; i++) shell.doParallel({ parallel: spin(100_000), serial: () => serialCalls++ });
    const closing = padata.close();
    padata.setCpumask('parallel', []);
    await within(closing, 'close');
    expect(serialCalls).toBe(500);
  });

  it('is what await using calls', async () => {
    let padata: Padata | undefined;
    {
      await using used = new Padata('used');
      padata = used;
      await using shell = used.createShell();
      shell.doParallel({ parallel: noop, serial() {} });
    }
    expect(padata.state).toBe('stopped');
    expect(() => padata.createShell()).toThrow(/EINVAL/);
  });
});

describe('setCpumask()', () => {
  it('changes nothing if the mask is wrong', () => {
    const padata = instance();
    expect(() => padata.setCpumask('parallel', wrong('no mask'))).toThrow();
    expect(() => padata.setCpumask(wrong('both'), here)).toThrow(RangeError);
    expect(padata.cpumask.parallel.equals(cpus.possible())).toBe(true);
    expect(padata.state).toBe('running');
  });
});
