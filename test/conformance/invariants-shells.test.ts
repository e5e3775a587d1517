/** Invariants 3 and 7: shells are independent of each other; a job that fails keeps its turn, a second doSerial is refused. */
import { type Job, nativeFunction, PadataError } from 'padata';
import { crc32, echo, noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { here, instance, keepMoving, native, shellOf, turns, until, within } from '../support/padata.js';

describe('invariant 3: a job that is never finished delays no other shell', () => {
  it('a closure that does not call doSerial', async () => {
    const padata = instance();
    const [stuck, free] = [padata.createShell(), padata.createShell()];
    const job: Job = { parallel: () => {}, serial: () => {} };
    stuck.doParallel(job);
    let behind = 0;
    for (let i = 0; i < 100; i++) stuck.doParallel({ parallel: noop, serial: () => behind++ });
    for (let i = 0; i < 1000; i++) await within(free.run(noop, undefined), 'the other shell');
    expect(behind).toBe(0);
    stuck.doSerial(job);
    await within(stuck.drain(), 'the shell itself');
    expect(behind).toBe(100);
  });

  it('a native function that leaves its work outstanding', async () => {
    const padata = instance();
    const [stuck, free] = [padata.createShell(), padata.createShell()];
    const isStuck = stuck.run(native('never'), undefined);
    await within(free.run(noop, undefined), 'the other shell');
    await until(() => fixture.doSerialLast() === 0, 'do_serial');
    await within(isStuck, 'the shell itself');
  });

  // A function that blocks keeps the thread of its CPU; what that thread had claimed besides is taken back from it.
  it.runIf(here.length > 1)('a native function that blocks its thread', async () => {
    const padata = instance();
    const [stuck, free] = [padata.createShell(), padata.createShell()];
    const gate = fixture.gate();
    const isStuck = stuck.run(nativeFunction(gate.fn), undefined);
    const others = Array.from({ length: 2000 }, (_, i) => free.run(crc32, Buffer.from([i & 255])));
    await within(Promise.all(others), 'the other shell');
    for (let i = 0; i < 200; i++) await within(free.run(noop, undefined), 'the other shell, one at a time');
    gate.open();
    await within(isStuck, 'the shell itself');
  });

  it.runIf(here.length > 1).each([
    ['nothing else moves', false],
    ['others move all the time', true],
  ])(
    'a native function that blocks its thread, with jobs of others claimed behind it: %s',
    async (_what, othersMove) => {
      const padata = instance();
      const [stuck, free] = [padata.createShell(), padata.createShell()];
      if (othersMove) keepMoving(padata.createShell());
      for (let round = 0; round < 20; round++) {
        const warmUp = Array.from({ length: 1000 }, () => free.run(noop, undefined)); // jobs are short, so many are claimed at once
        await within(Promise.all(warmUp), 'short jobs');
        const gate = fixture.gate();
        const parallel = nativeFunction(gate.fn);
        let delivered = 0;
        // What serial() functions submit is published together.
        free.doParallel({
          parallel: noop,
          serial: () => {
            stuck.doParallel({ parallel, serial: () => {} });
            for (let i = 0; i < 31; i++) free.doParallel({ parallel: noop, serial: () => delivered++ });
          },
        });
        await until(() => delivered === 31, 'the jobs of the other shell');
        gate.open();
        await within(stuck.drain(), 'the shell itself');
      }
    },
  );

  it('a serial() of another instance that blocks', async () => {
    const gate = fixture.gate();
    const stuck = shellOf();
    stuck.doParallel({ parallel: noop, serial: nativeFunction(gate.fn) });
    await until(() => gate.counts().waiting === 1, 'serial()');
    await within(shellOf().run(noop, undefined), 'the other instance');
    gate.open();
    await within(stuck.drain(), 'the shell itself');
  });
});

describe('invariant 7: a job that fails keeps its turn', () => {
  it.each([
    ['a native function', native('fail'), Buffer.from([2]), { code: 'ENOENT', errno: -2, syscall: 'fixture.fail' }],
    [
      'an asynchronous one',
      native('failLater'),
      Buffer.from([1]),
      { code: 'EPERM', errno: -1, syscall: 'fixture.failLater' },
    ],
    ['a result outside its room', native('outside'), Buffer.from([1]), { code: 'EFAULT', syscall: 'fixture.outside' }],
    [
      'an unknown type of result',
      native('noSuchResult'),
      undefined,
      { code: 'EPROTO', syscall: 'fixture.noSuchResult' },
    ],
    ['an undeclared -EINPROGRESS', native('undeclared'), undefined, { code: 'EPROTO', syscall: 'fixture.undeclared' }],
  ])('%s', async (_, parallel, data, error) => {
    const shell = shellOf();
    const order: unknown[] = [];
    const record = (job: Job) => order.push(job.error ?? job.result);
    shell.doParallel({ parallel: echo, data: Buffer.from('a'), serial: record });
    shell.doParallel({ parallel, data, serial: record });
    shell.doParallel({ parallel: crc32, data: Buffer.from('a'), serial: record });
    await within(shell.drain(), 'drain');
    expect(order).toEqual([new Uint8Array([97]), expect.objectContaining(error), 0xe8b7be43]);
    expect(order[1]).toBeInstanceOf(PadataError);
  });

  it.each([
    ['an Error', new Error('on purpose'), /^on purpose$/],
    ['a string', 'on purpose', /on purpose/],
    ['undefined', undefined, /undefined/],
    ['an object without a prototype', Object.create(null), /threw/],
    ['a symbol', Symbol('on purpose'), /on purpose/],
  ])('a closure that throws %s', async (_, thrown, message) => {
    const shell = shellOf();
    const order: unknown[] = [];
    const good = (name: string): Job => ({
      parallel: (job: Job) => shell.doSerial(job),
      serial: () => order.push(name),
    });
    shell.doParallel(good('before'));
    shell.doParallel({
      parallel: () => {
        throw thrown;
      },
      serial: (job: Job) => order.push(job.error),
    });
    shell.doParallel(good('behind'));
    await within(shell.drain(), 'drain');
    expect(order).toEqual(['before', expect.any(Error), 'behind']);
    expect((order[1] as Error).message).toMatch(message);
  });

  it('native serial() sees the errno', async () => {
    const shell = shellOf();
    const recorder = fixture.recorder();
    const serial = nativeFunction(recorder.fn);
    shell.doParallel({ parallel: native('fail'), data: Buffer.from([17]), serial });
    shell.doParallel({ parallel: crc32, data: Buffer.from('a'), serial });
    shell.doParallel({
      parallel: (job: Job) => shell.doSerial(Object.assign(job, { error: new PadataError('ESTALE', 'x') })),
      serial,
    });
    shell.doParallel({ parallel: (job: Job) => shell.doSerial(Object.assign(job, { error: new Error('x') })), serial });
    await within(shell.drain(), 'drain');
    expect(recorder.take().map(({ status }) => status)).toEqual([-17, 0, -116, -5]);
  });
});

describe('invariant 7: a second doSerial is an error and changes nothing', () => {
  it('of a closure', async () => {
    const shell = shellOf();
    let serialCalls = 0;
    let second: unknown;
    const first: Job = { parallel: () => {}, serial: () => {} };
    const job: Job = {
      parallel: (own: Job) => {
        own.info = 'first';
        shell.doSerial(own);
        try {
          shell.doSerial(own);
        } catch (error) {
          second = error;
        }
      },
      serial: () => serialCalls++,
    };
    shell.doParallel(first);
    shell.doParallel(job);
    await turns();
    expect(second).toMatchObject({ code: 'EINVAL', errno: -22, syscall: 'doSerial' });
    expect(serialCalls).toBe(0); // its turn has not come
    shell.doSerial(first);
    await within(shell.drain(), 'drain');
    expect(serialCalls).toBe(1);
    expect(() => shell.doSerial(job)).toThrow(/EINVAL/); // also after its serial()
    await turns();
    expect(serialCalls).toBe(1);
  });

  it('of a native function: do_serial answers -EINVAL, and the first result stays', async () => {
    const shell = shellOf();
    expect(await within(shell.run(native('twice'), undefined), 'run')).toBe(1);
    await until(() => fixture.twiceReturns()[0] === 0, 'the second call');
    expect(fixture.twiceReturns()).toEqual([0, -22]);
    expect(fixture.doSerialLast()).toBe(-22); // long after the job is gone
  });

  it('of a job that was never submitted, or belongs to another shell', () => {
    const padata = instance();
    const [one, other] = [padata.createShell(), padata.createShell()];
    const job: Job = { parallel: () => {}, serial: () => {} };
    expect(() => one.doSerial(job)).toThrow(/EINVAL/);
    one.doParallel(job);
    expect(() => other.doSerial(job)).toThrow(/EINVAL/);
    expect([one.pending, other.pending]).toEqual([1, 0]);
    one.doSerial(job);
  });
});
