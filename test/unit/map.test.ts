import { Readable } from 'node:stream';
import { crc32, noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { instance, native, shellOf, turns, within, wrong } from '../support/padata.js';

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** 0, 1, 2, … and how many of them were asked for; whether the source was closed. */
class Source {
  taken = 0;
  isClosed = false;
  *[Symbol.iterator](): Generator<number> {
    try {
      while (true) yield this.taken++;
    } finally {
      this.isClosed = true;
    }
  }
}

const slowly = (n: number) => new Promise<number>((resolve) => setTimeout(() => resolve(n), (n * 7) % 5));

describe('map()', () => {
  it('gives the outputs in the order of the inputs', async () => {
    const inputs = Array.from({ length: 3000 }, (_, i) => Buffer.from(`packet ${i}`));
    const shell = shellOf();
    const wanted = await Promise.all(inputs.map((input) => shell.run(crc32, input)));
    expect(await within(all(shell.map(inputs, crc32)), 'map')).toEqual(wanted);
  });

  it('takes closures, synchronous or not', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    expect(await within(all(shellOf().map(numbers, (n) => n * 2)), 'map')).toEqual(numbers.map((n) => n * 2));
    expect(await within(all(shellOf().map(numbers, slowly)), 'map')).toEqual(numbers);
  });

  it('takes every kind of source', async () => {
    const shell = shellOf();
    async function* generator() {
      yield* ['a', 'b'];
    }
    const same = (text: string) => text;
    expect(await all(shell.map(new Set(['a', 'b']), same))).toEqual(['a', 'b']);
    expect(await all(shell.map('ab', same))).toEqual(['a', 'b']);
    expect(await all(shell.map(generator(), same))).toEqual(['a', 'b']);
    expect(await all(shell.map(Readable.from(['a', 'b']), same))).toEqual(['a', 'b']);
    expect(await all(shell.map([], same))).toEqual([]);
  });

  it('gives undefined where a function gives nothing', async () => {
    expect(await all(shellOf().map([undefined, undefined], noop))).toEqual([undefined, undefined]);
  });

  it('reads no further ahead than maxPending', async () => {
    const shell = shellOf();
    const source = new Source();
    const outputs = shell.map(source, (n) => n, { maxPending: 4 });
    expect((await outputs.next()).value).toBe(0);
    await turns();
    expect(source.taken).toBeLessThanOrEqual(1 + 4 + 1); // one consumed, four in the window, one taken that waits
    expect((await outputs.next()).value).toBe(1);
    await outputs.return?.();
    await turns();
    expect(source.isClosed).toBe(true);
    expect(shell.pending).toBe(0);
  });

  it('keeps within the maxPending of the shell, and shares it with other jobs', async () => {
    const shell = instance().createShell({ maxPending: 3 });
    let most = 0;
    const watched = async (n: number) => {
      most = Math.max(most, shell.pending);
      return slowly(n);
    };
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    const both = [all(shell.map(numbers, watched)), all(shell.map(numbers, watched, { maxPending: 100 }))];
    expect(await within(Promise.all(both), 'map')).toEqual([numbers, numbers]);
    expect(most).toBe(3);
  });

  it('answers several next() at once, in order', async () => {
    const outputs = shellOf().map([1, 2, 3], slowly);
    const nexts = [outputs.next(), outputs.next(), outputs.next(), outputs.next()];
    const answers = await within(Promise.all(nexts), 'next');
    expect(answers.map(({ value }) => value)).toEqual([1, 2, 3, undefined]);
    expect(answers[3]!.done).toBe(true);
  });

  it('leaves jobs of other shells and of this one alone', async () => {
    const shell = shellOf();
    const mapped = all(shell.map([1, 2, 3], slowly));
    expect(
      await within(
        shell.run((n: number) => n, 9),
        'run',
      ),
    ).toBe(9);
    expect(await within(mapped, 'map')).toEqual([1, 2, 3]);
  });
});

describe('map() at an error', () => {
  async function outcome(iterable: AsyncIterable<unknown>): Promise<{ items: unknown[]; error: unknown }> {
    const items: unknown[] = [];
    try {
      for await (const item of iterable) items.push(item);
      return { items, error: 'none' };
    } catch (error) {
      return { items, error };
    }
  }

  it('of a job: gives everything before it, then throws and ends', async () => {
    const shell = shellOf();
    const source = new Source();
    const failsAt5 = (n: number) => {
      if (n === 5) throw new RangeError('five');
      return slowly(n);
    };
    const outputs = shell.map(source, failsAt5, { maxPending: 8 });
    expect(await within(outcome(outputs), 'map')).toEqual({ items: [0, 1, 2, 3, 4], error: new RangeError('five') });
    expect(await outputs.next()).toEqual({ value: undefined, done: true });
    await within(shell.drain(), 'drain');
    await turns();
    expect(source.isClosed).toBe(true);
  });

  it('of a native job: the errno', async () => {
    const shell = shellOf();
    const inputs = [Buffer.from([1]), Buffer.from([2])];
    const { items, error } = await within(outcome(shell.map(inputs, native('fail'))), 'map');
    expect(items).toEqual([]);
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'fixture.fail' });
  });

  it('of the source', async () => {
    function* source() {
      yield 1;
      yield 2;
      throw 'the source';
    }
    const { items, error } = await within(outcome(shellOf().map(source(), slowly)), 'map');
    expect(items).toEqual([1, 2]);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ cause: 'the source' });
  });

  it('of an input', async () => {
    const inputs = [Buffer.from('a'), 'b', Buffer.from('c')];
    const { items, error } = await within(outcome(shellOf().map(inputs, wrong(crc32))), 'map');
    expect(items).toEqual([0xe8b7be43]);
    expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('job.data') });
  });

  it('of a shell that is freed, or an instance that is stopped', async () => {
    const shell = shellOf();
    shell.free();
    expect((await within(outcome(shell.map([1], slowly)), 'map')).error).toMatchObject({ code: 'EINVAL' });
    const stopped = shellOf();
    stopped.instance.stop();
    expect((await within(outcome(stopped.map([1], slowly)), 'map')).error).toMatchObject({ code: 'EINVAL' });
  });

  it('of a signal', async () => {
    const controller = new AbortController();
    const source = new Source();
    const outputs = shellOf().map(source, slowly, { signal: controller.signal, maxPending: 4 });
    expect((await outputs.next()).value).toBe(0);
    controller.abort();
    expect((await within(outcome(outputs), 'map')).error).toMatchObject({ name: 'AbortError' });
    await turns();
    expect(source.isClosed).toBe(true);
  });
});
