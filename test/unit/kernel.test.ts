/** padata/kernel beyond the document: wrong arguments, freed things, jobs in two shells. The document itself: test/conformance. */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import type { Job } from 'padata';
import { noop } from 'padata/functions';
import * as kernel from 'padata/kernel';
import { padata_alloc, padata_alloc_shell, padata_do_parallel, padata_do_serial } from 'padata/kernel';
import { describe, expect, it } from 'vitest';
import { setUp, submit } from '../support/kernel.js';
import { firstCpu, here, turns, within, wrong } from '../support/padata.js';
import { root } from '../support/sources.js';

const { EBUSY, EINVAL } = kernel;

describe('constants', () => {
  it('have the numbers of errno.h and of padata.h', () => {
    const { EAGAIN, ENOMEM } = kernel;
    expect(constants.errno).toMatchObject({ EAGAIN, EBUSY, EINVAL, ENOMEM });
    expect([kernel.PADATA_CPU_SERIAL, kernel.PADATA_CPU_PARALLEL]).toEqual([1, 2]);
  });
});

describe('wrong arguments', () => {
  const none: unknown[] = [undefined, null, 0, 'x', {}, []];

  it('give null where the kernel returns a pointer', () => {
    for (const name of [undefined, null, 7, '', {}]) expect(padata_alloc(wrong(name))).toBeNull();
    for (const pinst of none) expect(padata_alloc_shell(wrong(pinst))).toBeNull();
  });

  it('give -EINVAL elsewhere', () => {
    for (const value of none.map(wrong)) {
      expect(kernel.padata_set_cpumask(value, kernel.PADATA_CPU_SERIAL, here)).toBe(-EINVAL);
      expect([kernel.padata_start(value), kernel.padata_stop(value), kernel.padata_free(value)]).toEqual([
        -EINVAL,
        -EINVAL,
        -EINVAL,
      ]);
      expect([submit(value, { parallel: noop, serial() {} }), padata_do_serial(value)]).toEqual([-EINVAL, -EINVAL]);
    }
    for (const ps of none.filter((value) => value !== null)) expect(kernel.padata_free_shell(wrong(ps))).toBe(-EINVAL);
  });

  it('give -EINVAL for masks that are none', () => {
    const { pinst } = setUp();
    for (const mask of [undefined, null, 3, '0-', '1,x', [-1], [0.5], -1n].map(wrong)) {
      expect(kernel.padata_set_cpumask(pinst, kernel.PADATA_CPU_PARALLEL, mask)).toBeLessThan(0);
    }
    expect(pinst.state).toBe('running');
  });

  it('what a getter of the job throws is the caller’s, and thrown', () => {
    const { ps } = setUp();
    const job = {
      get parallel(): never {
        throw new Error('mine');
      },
      serial() {},
    };
    expect(() => submit(ps, job)).toThrow('mine');
    expect(ps.pending).toBe(0);
  });
});

describe('padata_start', () => {
  it('is -EINVAL while a mask is empty, and starts all the same', async () => {
    const { pinst, ps } = setUp();
    kernel.padata_stop(pinst);
    kernel.padata_set_cpumask(pinst, kernel.PADATA_CPU_SERIAL, []);
    expect(kernel.padata_start(pinst)).toBe(-EINVAL);
    kernel.padata_set_cpumask(pinst, kernel.PADATA_CPU_SERIAL, here);
    expect(submit(ps, { parallel: noop, serial() {} })).toBe(0);
    await within(ps.drain(), 'drain');
  });

  it('is -EINVAL when the instance was freed', () => {
    const pinst = padata_alloc('freed')!;
    expect([kernel.padata_free(pinst), kernel.padata_free(pinst)]).toEqual([0, 0]);
    expect([kernel.padata_start(pinst), kernel.padata_stop(pinst)]).toEqual([-EINVAL, 0]);
  });
});

describe('a job with a closure', () => {
  it('is -EBUSY while it is outstanding, in the same shell and in another one', async () => {
    const { pinst, ps } = setUp();
    const other = padata_alloc_shell(pinst)!;
    const job: Job = { parallel() {}, serial() {} };
    expect(submit(ps, job)).toBe(0);
    expect([submit(ps, job), submit(other, job)]).toEqual([-EBUSY, -EBUSY]);
    expect(padata_do_serial(job)).toBe(0);
    await within(ps.drain(), 'drain');
    expect(submit(other, job)).toBe(0);
    expect(padata_do_serial(job)).toBe(0);
    await within(other.drain(), 'drain');
  });

  it('that throws takes its turn with the error, and then is nobody’s', async () => {
    const { ps } = setUp();
    const errors: unknown[] = [];
    const job: Job = {
      parallel() {
        throw new Error('no');
      },
      serial: ({ error }) => errors.push(error?.message),
    };
    expect(submit(ps, job)).toBe(0);
    await within(ps.drain(), 'drain');
    expect(errors).toEqual(['no']);
    expect(padata_do_serial(job)).toBe(-EINVAL);
  });
});

describe('a box that cannot be written', () => {
  it('is left alone: the job is in progress', async () => {
    const { ps } = setUp();
    const cb_cpu = Object.freeze({ value: 4000 });
    expect(padata_do_parallel(ps, { parallel: noop, serial() {} }, cb_cpu)).toBe(0);
    expect(cb_cpu.value).toBe(4000);
    await within(ps.drain(), 'drain');
  });
});

describe('the classes behind', () => {
  it('go on working: methods, events and stats', async () => {
    const { pinst, ps } = setUp();
    let changes = 0;
    pinst.on('cpumask', () => changes++);
    kernel.padata_set_cpumask(pinst, kernel.PADATA_CPU_SERIAL, []);
    await turns(2);
    expect(changes).toBe(1);
    kernel.padata_set_cpumask(pinst, kernel.PADATA_CPU_SERIAL, here);
    await within(ps.run(noop, undefined), 'run');
    expect(pinst.stats()).toMatchObject({ shells: 1, pending: 0, state: 'running' });
    expect(submit(ps, { parallel: noop, serial() {} }, firstCpu)).toBe(0);
  });
});

describe('NODE_DEBUG=padata', () => {
  it('says why something was refused', () => {
    const script = `
      const { padata_alloc, padata_alloc_shell, padata_stop, padata_do_parallel } = require('padata/kernel');
      const pinst = padata_alloc('debug');
      const ps = padata_alloc_shell(pinst);
      padata_stop(pinst);
      padata_do_parallel(ps, { parallel: require('padata/functions').noop, serial() {} }, { value: 0 });`;
    const env = { ...process.env, NODE_DEBUG: 'padata' };
    const output = execFileSync('sh', ['-c', 'exec "$0" -e "$1" 2>&1', process.execPath, script], { cwd: root, env });
    expect(`${output}`).toMatch(/PADATA \d+: -22: EINVAL: the instance is stopped/);
  });
});
