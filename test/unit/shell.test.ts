import { type Job, Padata, type Shell } from 'padata';
import { crc32, echo, noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { instance, lastCpu, native, shellOf, turns, within } from '../support/padata.js';

const code = (name: string) => expect.objectContaining({ name: 'PadataError', code: name });

/** A job that waits for doSerial, and a count of serial() calls. */
function stuckJob(): Job & { calls: number } {
  const job = { calls: 0, parallel: () => {}, serial: () => job.calls++ };
  return job;
}

describe('doParallel()', () => {
  it('counts what is pending', async () => {
    const shell = shellOf();
    const job = stuckJob();
    expect(shell.pending).toBe(0);
    shell.doParallel(job);
    shell.doParallel({ parallel: noop, serial: () => {} });
    expect(shell.pending).toBe(2);
    shell.doSerial(job);
    await within(shell.drain(), 'drain');
    expect(shell.pending).toBe(0);
  });

  it('throws EBUSY for a job that is in flight, and takes it again in its serial()', async () => {
    const shell = shellOf();
    let rounds = 0;
    const job: Job = {
      parallel: (own: Job) => shell.doSerial(own),
      serial: (own: Job) => {
        if (++rounds < 5) shell.doParallel(own);
      },
    };
    shell.doParallel(job);
    expect(() => shell.doParallel(job)).toThrow(code('EBUSY'));
    await within(shell.drain(), 'drain');
    while (rounds < 5) await turns(1);
    expect(shell.pending).toBe(0);
  });

  it('takes a native job more than once at a time, with the data of each moment', async () => {
    const shell = shellOf();
    const results: unknown[] = [];
    const job: Job = { parallel: echo, data: undefined, serial: () => results.push(...(job.result as Uint8Array)) };
    for (let i = 0; i < 100; i++) {
      job.data = Buffer.from([i]);
      shell.doParallel(job);
    }
    await within(shell.drain(), 'drain');
    expect(results).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('throws EAGAIN beyond maxPending, and takes jobs again when there is room', async () => {
    const shell = instance().createShell({ maxPending: 2 });
    const jobs = [stuckJob(), stuckJob(), stuckJob()];
    shell.doParallel(jobs[0]!);
    shell.doParallel(jobs[1]!);
    expect(() => shell.doParallel(jobs[2]!)).toThrow(code('EAGAIN'));
    await expect(shell.run(noop, undefined)).rejects.toEqual(code('EAGAIN'));
    expect(shell.pending).toBe(2);
    shell.doSerial(jobs[0]!);
    while (jobs[0]!.calls === 0) await turns(1);
    shell.doParallel(jobs[2]!);
    for (const job of jobs.slice(1)) shell.doSerial(job);
    await within(shell.drain(), 'drain');
    expect(jobs.map(({ calls }) => calls)).toEqual([1, 1, 1]);
  });

  it('sends jobs from serial() on, many at a time', async () => {
    const shell = shellOf();
    let left = 3000;
    const serial = () => {
      for (let i = 0; i < 2 && left > 0; i++, left--) shell.doParallel({ parallel: noop, serial });
    };
    serial();
    while (left > 0 || shell.pending > 0) await within(shell.drain(), 'drain');
    expect(left).toBe(0);
  });

  it('grows with what is queued', async () => {
    const shell = shellOf();
    let next = 0;
    let wrongOnes = 0;
    for (let i = 0; i < 100_000; i++) {
      shell.doParallel({ parallel: noop, serial: () => (i === next++ ? 0 : wrongOnes++) });
    }
    await within(shell.drain(), 'drain');
    expect([next, wrongOnes]).toEqual([100_000, 0]);
  });
});

describe('drain()', () => {
  it('waits for what was submitted before, and no more', async () => {
    const shell = shellOf();
    const [first, second] = [stuckJob(), stuckJob()];
    await shell.drain();
    shell.doParallel(first);
    const drained = shell.drain();
    shell.doParallel(second);
    shell.doSerial(first);
    await within(drained, 'drain');
    expect([first.calls, second.calls]).toEqual([1, 0]);
    shell.doSerial(second);
    await within(Promise.all([shell.drain(), shell.drain()]), 'two drains');
    expect(second.calls).toBe(1);
  });
});

describe('run()', () => {
  it('gives what the function gives', async () => {
    const shell = shellOf();
    expect(await shell.run(crc32, Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(await shell.run(noop, undefined)).toBeUndefined();
    expect(await shell.run((n: number) => n + 1, 1)).toBe(2);
    expect(await shell.run(async (n: number) => n + 1, 1)).toBe(2);
    expect(await shell.run(() => null, 0)).toBeNull();
    expect(await shell.run((value: undefined) => value, undefined)).toBeUndefined();
  });

  it('settles in the order of submission', async () => {
    const shell = shellOf();
    const order: number[] = [];
    const slow = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const promises = [20, 0, 10, 0].map((ms, i) => shell.run(slow, ms).then(() => order.push(i)));
    promises.push(shell.run(native('fail'), undefined).catch(() => order.push(4)) as Promise<number>);
    promises.push(shell.run(noop, undefined).then(() => order.push(5)));
    await within(Promise.all(promises), 'run');
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('takes the first word of a thenable that says more', async () => {
    const shell = shellOf();
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: that is what is tested
      then(resolve: (value: string) => void, reject: (error: Error) => void) {
        resolve('first');
        resolve('second');
        reject(new Error('third'));
      },
    };
    expect(
      await within(
        shell.run(() => thenable as PromiseLike<string>, 0),
        'run',
      ),
    ).toBe('first');
  });

  it('passes cbCpu on', async () => {
    const shell = shellOf();
    await shell.run(noop, undefined, { cbCpu: lastCpu });
    await expect(shell.run(noop, undefined, { cbCpu: -1 })).rejects.toThrow(/options\.cbCpu/);
  });
});

describe('run() with a signal', () => {
  it('rejects at once if it was aborted before, and queues nothing', async () => {
    const shell = shellOf();
    const reason = new Error('not now');
    await expect(shell.run(noop, undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(shell.run(noop, undefined, { signal: AbortSignal.abort('why') })).rejects.toMatchObject({
      cause: 'why',
    });
    expect(shell.pending).toBe(0);
  });

  it('rejects in the job’s turn if it is aborted later', async () => {
    const shell = shellOf();
    const controller = new AbortController();
    const before = stuckJob();
    shell.doParallel(before);
    let isSettled = false;
    const result = shell.run(echo, Buffer.from('x'), { signal: controller.signal }).finally(() => {
      isSettled = true;
    });
    result.catch(() => {});
    controller.abort();
    await turns();
    expect(isSettled).toBe(false);
    shell.doSerial(before);
    await expect(within(result, 'run')).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('does nothing once the job is through', async () => {
    const controller = new AbortController();
    expect(await shellOf().run((n: number) => n, 3, { signal: controller.signal })).toBe(3);
    controller.abort();
    await turns();
  });
});

describe('free()', () => {
  it('refuses everything afterwards, but for what only looks', async () => {
    const shell = shellOf();
    const job = stuckJob();
    shell.free();
    shell.free();
    expect(() => shell.doParallel(job)).toThrow(code('EINVAL'));
    expect(() => shell.doSerial(job)).toThrow(code('EINVAL'));
    await expect(shell.run(noop, undefined)).rejects.toEqual(code('EINVAL'));
    await shell.drain();
    expect(shell.pending).toBe(0);
  });

  it('may be called in the last serial()', async () => {
    const padata = new Padata('self');
    const shell = padata.createShell();
    await new Promise<void>((resolve) => {
      shell.doParallel({
        parallel: noop,
        serial: () => {
          shell.free();
          resolve();
        },
      });
    });
    await turns();
    padata.free();
  });

  it('gives ids and memory back: shells come and go', async () => {
    const padata = instance();
    for (let i = 0; i < 2000; i++) {
      const shell = padata.createShell();
      await shell.run(noop, undefined);
      shell.free();
    }
    expect(padata.stats().shells).toBe(0);
  });

  it('belongs to its instance', () => {
    const padata = instance();
    const shell: Shell = padata.createShell();
    expect(shell.instance).toBe(padata);
    expect(() => Object.assign(shell, { pending: 3 })).toThrow(TypeError);
  });
});

describe('jobs that do harm while they are looked at', () => {
  it('a getter that frees the shell', () => {
    const shell = shellOf();
    const job: Job = {
      get parallel() {
        shell.free();
        return noop;
      },
      serial() {},
    };
    expect(() => shell.doParallel(job)).toThrow(code('EINVAL'));
  });

  it('an input that frees the shell while it is read', () => {
    const shell = shellOf();
    const data = Object.defineProperty([Buffer.from('a')], 1, {
      get() {
        shell.free();
        return Buffer.from('b');
      },
    });
    expect(() => shell.doParallel({ parallel: native('sum'), data, serial() {} })).toThrow(code('EINVAL'));
  });

  it('an input that submits jobs while it is read, at every length of the queue', async () => {
    const shell = shellOf();
    const results: unknown[] = [];
    const serial = (job: Job) => results.push(job.result);
    for (let i = 0; i < 5000; i++) {
      const data = Object.defineProperty([Buffer.from([1])], 1, {
        get() {
          shell.doParallel({ parallel: native('sum'), data: Buffer.from([7]), serial });
          return Buffer.from([2]);
        },
      });
      shell.doParallel({ parallel: native('sum'), data, serial });
    }
    await within(shell.drain(), 'drain');
    expect(results).toEqual(Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 7 : 3)));
  });

  it.each([Number.NaN, -64, -1, 2 ** 40, 0.5, '7', {}, 10, 110])(
    'of an array that says that its length is %o, all bytes are taken',
    async (length) => {
      const shell = shellOf();
      const liar = Object.defineProperty(Buffer.alloc(100, 1), 'length', { value: length });
      const all = [Buffer.alloc(50, 7), liar, Buffer.alloc(50, 9)].map((data) => shell.run(echo, data));
      const [before, taken, behind] = await within(Promise.all(all), 'run');
      expect(before).toEqual(new Uint8Array(50).fill(7));
      expect(taken).toEqual(new Uint8Array(100).fill(1));
      expect(behind).toEqual(new Uint8Array(50).fill(9));
    },
  );

  it.each([12, 40])('a length of %i that submits jobs when it is asked for', async (size) => {
    const shell = shellOf();
    const results: unknown[] = [];
    const serial = (job: Job) => results.push(job.result);
    const data = Object.defineProperty(Buffer.alloc(size, 1), 'length', {
      get() {
        shell.doParallel({ parallel: native('sum'), data: Buffer.from([7]), serial });
        return size;
      },
    });
    for (let i = 0; i < 300; i++) shell.doParallel({ parallel: native('sum'), data, serial });
    await within(shell.drain(), 'drain');
    expect(results.filter((result) => result !== 7)).toEqual(Array(300).fill(size));
  });

  it('what only looks like an array of bytes is refused', async () => {
    const shell = shellOf();
    const fake = Object.create(Uint8Array.prototype, { length: { value: 12 } });
    expect(() => shell.doParallel({ parallel: native('sum'), data: fake, serial() {} })).toThrow(TypeError);
    expect(shell.pending).toBe(0);
    await expect(shell.run(native('sum'), Buffer.from([1, 2]))).resolves.toBe(3);
  });
});
