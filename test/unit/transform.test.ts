import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, echo, noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { instance, native, shellOf, turns, within, wrong } from '../support/padata.js';

const slowly = (n: number) => new Promise<number>((resolve) => setTimeout(() => resolve(n), (n * 7) % 5));

/** What comes out of a stream that `inputs` go into. */
async function through(inputs: Iterable<unknown>, transform: Transform): Promise<unknown[]> {
  const outputs: unknown[] = [];
  const sink = new Writable({
    objectMode: true,
    write(chunk, _, callback) {
      outputs.push(chunk);
      callback();
    },
  });
  await within(pipeline(Readable.from(inputs), transform, sink), 'pipeline');
  return outputs;
}

describe('transform()', () => {
  it('is a Transform whose outputs come in the order of the inputs', async () => {
    const shell = shellOf();
    const inputs = Array.from({ length: 2000 }, (_, i) => Buffer.from(`packet ${i}`));
    const transform = shell.transform(echo);
    expect(transform).toBeInstanceOf(Transform);
    expect((await through(inputs, transform)).map(String)).toEqual(
      inputs.map(String).map((text) => [...Buffer.from(text)].join()),
    );
    const numbers = Array.from({ length: 60 }, (_, i) => i);
    expect(await through(numbers, shell.transform(slowly))).toEqual(numbers);
  });

  it('carries undefined, and ends without input', async () => {
    expect(await through([], shellOf().transform(noop))).toEqual([]);
    const transform = shellOf().transform(noop);
    let chunks = 0;
    transform.on('data', () => chunks++);
    for (let i = 0; i < 3; i++) transform.write(undefined);
    transform.end();
    await within(new Promise((resolve) => transform.on('end', resolve)), 'end');
    expect(chunks).toBe(3);
  });

  it('takes bytes and gives bytes where it is not in object mode', async () => {
    const transform = shellOf().transform(echo, { objectMode: false });
    const chunks: Buffer[] = [];
    transform.on('data', (chunk: Buffer) => chunks.push(chunk));
    transform.write('text ');
    transform.end(Buffer.from('bytes'));
    await within(new Promise((resolve) => transform.on('end', resolve)), 'end');
    expect(Buffer.concat(chunks).toString()).toBe('text bytes');
  });

  it('keeps no more than maxPending in flight, and within that of the shell', async () => {
    const shell = instance().createShell({ maxPending: 3 });
    let most = 0;
    const watched = (n: number) => {
      most = Math.max(most, shell.pending);
      return slowly(n);
    };
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    expect(await through(numbers, shell.transform(watched, { maxPending: 2 }))).toEqual(numbers);
    expect(most).toBe(2);
    const both = [through(numbers, shell.transform(watched)), through(numbers, shell.transform(watched))];
    expect(await Promise.all(both)).toEqual([numbers, numbers]);
    expect(most).toBe(3);
  });

  it('slows its source down while nobody reads', async () => {
    let taken = 0;
    function* source() {
      while (true) yield taken++;
    }
    const transform = shellOf().transform(slowly, { maxPending: 4, highWaterMark: 2 });
    const input = Readable.from(source()).pipe(transform);
    await turns(200);
    const before = taken;
    await turns(200);
    expect(taken).toBe(before);
    expect(taken).toBeLessThan(100);
    input.destroy();
    transform.destroy();
  });
});

describe('transform() at an error', () => {
  it('of a job: is destroyed with it, in its turn', async () => {
    const shell = shellOf();
    const outputs: unknown[] = [];
    const transform = shell.transform((n: number) => {
      if (n === 3) throw new RangeError('three');
      return n;
    });
    transform.on('data', (chunk) => outputs.push(chunk));
    const error = new Promise((resolve) => transform.on('error', resolve));
    for (let i = 0; i < 6; i++) transform.write(i);
    expect(await within(error, 'error')).toEqual(new RangeError('three'));
    expect(outputs).toEqual([0, 1, 2]);
    expect(transform.destroyed).toBe(true);
    await within(shell.drain(), 'drain');
  });

  it.each([
    ['the errno of a native function', native('fail'), [Buffer.from([1])], { code: 'EPERM' }],
    ['an input of a wrong type', crc32, ['text'], { name: 'TypeError' }],
    ['null as an output', () => null, [1], { name: 'TypeError' }],
    ['a rejection with what is no Error', () => Promise.reject('no error'), [1], { cause: 'no error' }],
  ])('%s', async (_, fn, inputs, error) => {
    const failure = await through(inputs as unknown[], shellOf().transform(wrong(fn))).then(
      () => 'none',
      (reason: unknown) => reason,
    );
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject(error);
  });

  it('a number where bytes are due', async () => {
    const transform = shellOf().transform(crc32, { objectMode: false, readableObjectMode: false });
    await expect(through([Buffer.from('a')], transform)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  it('of an instance that is stopped', async () => {
    const shell = shellOf();
    shell.instance.stop();
    await expect(through([1], shell.transform(slowly))).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('lets jobs in flight go when it is destroyed', async () => {
    const shell = shellOf();
    const transform = shell.transform(slowly);
    for (let i = 0; i < 10; i++) transform.write(i);
    transform.destroy();
    await within(shell.drain(), 'drain');
    expect(shell.pending).toBe(0);
    expect(transform.readableLength).toBe(0);
  });
});
