import { type Job, nativeFunction, PadataError } from 'padata';
import { echo, noop } from 'padata/functions';
import { afterEach, describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { native, shellOf, turns, within } from '../support/padata.js';

/** What reaches uncaughtException while `during` runs, and the test runner's own listeners do not see. */
async function uncaughtWhile(during: () => Promise<unknown>): Promise<unknown[]> {
  const listeners = process.listeners('uncaughtException');
  const caught: unknown[] = [];
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => caught.push(error));
  try {
    await during();
    await turns();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  return caught;
}

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
process.on('unhandledRejection', note);
afterEach(() => expect(unhandled.splice(0)).toEqual([]));

describe('a job', () => {
  it('is any object with its methods: a class instance keeps its `this`', async () => {
    const shell = shellOf();
    class Packet implements Job {
      readonly seen: string[] = [];
      parallel(job: Packet) {
        expect(this).toBe(job);
        this.seen.push('parallel');
        shell.doSerial(this);
      }
      serial(job: Packet) {
        expect(this).toBe(job);
        this.seen.push('serial');
      }
    }
    const packet = new Packet();
    shell.doParallel(packet);
    await within(shell.drain(), 'drain');
    expect(packet.seen).toEqual(['parallel', 'serial']);
  });

  it('has its result, and no error of an earlier time, when serial() is called', async () => {
    const shell = shellOf();
    const seen: unknown[] = [];
    const job: Job = {
      parallel: native('fail'),
      data: Buffer.from([5]),
      serial: () => seen.push(job.result, job.error),
    };
    job.result = 'old';
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    job.parallel = echo;
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    job.parallel = native('nothing');
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    expect(seen).toEqual([undefined, expect.any(PadataError), new Uint8Array([5]), undefined, undefined, undefined]);
  });

  it('keeps what a closure has set', async () => {
    const shell = shellOf();
    const job: Job = {
      parallel: (own: Job) => {
        own.info = 1;
        own.result = 2;
        own.error = new Error('three');
        shell.doSerial(own);
      },
      serial: () => {},
    };
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    expect(job).toMatchObject({ info: 1, result: 2, error: new Error('three') });
  });

  it.each([
    ['a number', 4.5, { resultType: 2, resultNumber: 4.5 }],
    ['bytes', new Uint8Array([1, 2, 3]), { resultType: 1, size: 3, firstBytes: Buffer.from([1, 2, 3]) }],
    ['nothing', undefined, { resultType: 0 }],
    ['what native code has no word for', { a: 1 }, { resultType: 0 }],
  ])('hands %s from a closure to a native serial()', async (_, result, record) => {
    const shell = shellOf();
    const recorder = fixture.recorder();
    const job: Job = {
      parallel: (own: Job) => {
        own.result = result;
        shell.doSerial(own);
      },
      serial: nativeFunction(recorder.fn),
    };
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    expect(recorder.take()).toEqual([expect.objectContaining({ ...record, status: 0, seqNr: 0 })]);
  });

  it('that is frozen has its turn all the same; the error is not lost', async () => {
    const shell = shellOf();
    const order: string[] = [];
    const frozen = (name: string, parallel: Job['parallel']): Job =>
      Object.freeze({ parallel, data: Buffer.from('x'), serial: () => order.push(name) });
    const caught = await uncaughtWhile(async () => {
      shell.doParallel(frozen('native', echo));
      const throws = () => {
        throw new Error('on purpose');
      };
      shell.doParallel(frozen('closure', throws));
      shell.doParallel({ parallel: noop, serial: () => order.push('behind') });
      await within(shell.drain(), 'drain');
    });
    expect(order).toEqual(['native', 'closure', 'behind']);
    expect(caught).toEqual([expect.any(TypeError), expect.any(TypeError)]);
    expect(shell.pending).toBe(0);
  });
});

describe('an exception in serial()', () => {
  it('reaches uncaughtException once each, and every job behind it is delivered', async () => {
    const shell = shellOf();
    const order: number[] = [];
    const caught = await uncaughtWhile(async () => {
      for (let i = 0; i < 500; i++) {
        const serial = () => {
          order.push(i);
          if (i % 50 === 0) throw new Error(`of job ${i}`);
        };
        shell.doParallel({ parallel: noop, serial });
      }
      await within(shell.drain(), 'drain');
    });
    expect(order).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(caught).toEqual(Array.from({ length: 10 }, (_, i) => new Error(`of job ${i * 50}`)));
  });

  it('is thrown as it is, whatever it is', async () => {
    const shell = shellOf();
    const caught = await uncaughtWhile(async () => {
      const serial = () => {
        throw 'a string';
      };
      shell.doParallel({ parallel: noop, serial });
      await within(shell.drain(), 'drain');
    });
    expect(caught).toEqual(['a string']);
  });
});

describe('an exception in parallel()', () => {
  it('after doSerial cannot fail the job any more: it reaches uncaughtException', async () => {
    const shell = shellOf();
    let seen: unknown = 'nothing';
    const caught = await uncaughtWhile(async () => {
      const parallel = (own: Job) => {
        shell.doSerial(own);
        throw new Error('too late');
      };
      shell.doParallel({ parallel, serial: (own: Job) => (seen = own.error) });
      await within(shell.drain(), 'drain');
    });
    expect(caught).toEqual([new Error('too late')]);
    expect(seen).toBeUndefined();
  });

  it('does not keep other closures from being called', async () => {
    const shell = shellOf();
    const outcomes = Array.from({ length: 20 }, (_, i) =>
      shell.run(() => {
        if (i % 2 === 0) throw Object.create(null);
        return i;
      }, undefined),
    );
    const settled = await within(Promise.allSettled(outcomes), 'run');
    expect(settled.map(({ status }) => status)).toEqual(
      outcomes.map((_, i) => (i % 2 === 0 ? 'rejected' : 'fulfilled')),
    );
  });
});

describe('invariant 9: every promise settles, with a real Error', () => {
  it.each([[undefined], [null], ['text'], [0], [Object.create(null)], [Symbol('s')], [{ message: 'like an error' }]])(
    'whatever is thrown or rejected: %o',
    async (thrown) => {
      const shell = shellOf();
      const throws = () => {
        throw thrown;
      };
      for (const promise of [shell.run(throws, 0), shell.run(() => Promise.reject(thrown), 0)]) {
        const error = await within(
          promise.then(
            () => undefined,
            (reason: unknown) => reason,
          ),
          'run',
        );
        expect(error).toBeInstanceOf(Error);
        expect(error).toHaveProperty('cause', thrown);
      }
    },
  );

  it('leaves Errors as they are', async () => {
    const error = new RangeError('mine');
    const throws = () => {
      throw error;
    };
    await expect(shellOf().run(throws, 0)).rejects.toBe(error);
    await expect(shellOf().run(() => Promise.reject(error), 0)).rejects.toBe(error);
  });

  it('over close() of an instance that no CPU can run', async () => {
    const shell = shellOf({ parallel: [] });
    await expect(shell.run(noop, undefined)).rejects.toMatchObject({ code: 'EINVAL' });
    await within(shell.instance.close(), 'close');
  });
});
