/** Module functions through run(), map(), transform() and doParallel(): modules of all kinds, results of all kinds. */
import { Readable } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import { type Job, moduleFunction } from 'padata';
import { describe, expect, it } from 'vitest';
import { Gate, modulePath, work } from '../support/modules.js';
import { firstCpu, instance, shellOf, until, within, wrong } from '../support/padata.js';

const id = work('id');

describe('modules', () => {
  const data = moduleFunction('data:text/javascript,export default (n) => n + 1');
  it.each([
    ['ESM, by its path', moduleFunction(modulePath('work.mjs')), 'x', 'x'],
    ['ESM, an export', work('upTo'), 3, [0, 1, 2]],
    ['ESM, asynchronous', work('idLater'), 3, 3],
    ['ESM, an asynchronous generator', work('upToLater'), 3, [0, 1, 2]],
    ['CommonJS, an export', work('triple', 'common.cjs'), 3, 9],
    ['CommonJS, a function', work('default', 'function.cjs'), 3, 4],
    ['CommonJS from a compiler', work('default', 'transpiled.cjs'), 3, 'transpiled 3'],
    ['a data: URL', data, 3, 4],
    ['a built-in module', moduleFunction('node:path', 'dirname'), '/a/b', '/a'],
  ])('%s', async (_what, fn, input, output) => {
    expect(await within(shellOf().run(wrong(fn), input), 'run')).toEqual(output);
  });

  it('TypeScript, as the running Node loads it', async () => {
    const run = shellOf().run<{ text: string }, string>(work('shout', 'typed.ts'), { text: 'loud' });
    const loads = Boolean((process.features as { typescript?: unknown }).typescript);
    if (loads) expect(await within(run, 'run')).toBe('LOUD');
    else await expect(within(run, 'run')).rejects.toThrow(/typed\.ts/);
  });

  it('setup() has run once in each isolate, and its result is the state', async () => {
    const padata = instance();
    const shell = padata.createShell();
    const states = await within(Promise.all([1, 2, 3, 4].map(() => shell.run(work('state', 'common.cjs'), 0))), 'runs');
    for (const state of states) expect(state).toEqual({ made: 'once' });
    const counted = await within(padata.broadcast(work('stateful', 'esm.mjs'), 0), 'broadcast');
    expect(counted).toEqual(counted.map(() => ({ table: [1, 2, 3], setups: 1 })));
  });
});

describe('values', () => {
  const cyclic: unknown[] = [1];
  cyclic.push(cyclic);
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['a number', -0.5],
    ['-0', -0],
    ['a string', 'text'],
    ['a string of other characters', 'täxt €'],
    ['a bigint', 2n ** 70n],
    ['an object', { a: [1, { b: 'c' }] }],
    ['a Map and a Date', new Map([[1, new Date(5)]])],
    ['a cycle', cyclic],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['no bytes', new Uint8Array(0)],
    ['other typed arrays', new Float64Array([1.5, NaN])],
    ['an error', new RangeError('as a value')],
  ])('%s', async (_what, value) => {
    const shell = shellOf({ parallel: [firstCpu] });
    for (let i = 0; i < 3; i++) expect(await within(shell.run(id, value), 'run')).toStrictEqual(value);
    expect(await within(shell.run(work('idLater'), value), 'run')).toStrictEqual(value);
  });

  it('many bytes', async () => {
    const bytes = Buffer.alloc(5_000_000, 'some bytes');
    const outputs = await within(
      Promise.all([1, 2, 3].map(() => shellOf().run<Buffer, Uint8Array>(work('id'), bytes))),
      'runs',
    );
    for (const output of outputs) expect(bytes.equals(output)).toBe(true);
  });

  it('inputs of one kind and results of another', async () => {
    const shell = shellOf({ parallel: [firstCpu] });
    const sizes = [0, 1, 100, 5000, 40_000, 200_000, 3, 0];
    const bytes = await within(Promise.all(sizes.map((size) => shell.run(work('bytesOf'), size))), 'runs');
    expect(bytes).toEqual(sizes.map((size) => new Uint8Array(size).fill(size & 255)));
    const lengths = sizes.map((size) => shell.run(work('lengthOf'), new Uint8Array(size)));
    expect(await within(Promise.all(lengths), 'runs')).toEqual(sizes);
  });

  it('are those of the moment of submission', async () => {
    const shell = shellOf();
    const bytes = new Uint8Array([1]);
    const object = { list: [1] };
    const runs = [shell.run(id, bytes), shell.run(id, object)];
    bytes[0] = 2;
    object.list.push(2);
    expect(await within(Promise.all(runs), 'runs')).toEqual([new Uint8Array([1]), { list: [1] }]);
  });

  it('may be kept by the function and by the receiver', async () => {
    const shell = shellOf({ parallel: [firstCpu] });
    const kept = await within(
      Promise.all(Array.from({ length: 500 }, (_, i) => shell.run(id, Buffer.alloc(700, i)))),
      'runs',
    );
    for (const [i, bytes] of kept.entries()) expect(bytes).toEqual(new Uint8Array(700).fill(i));
  });
});

describe('what is moved or shared', () => {
  it('transfer of the input: gone here, there at once', async () => {
    const buffer = new ArrayBuffer(1000);
    const run = shellOf().run<ArrayBuffer, ArrayBuffer>(id, buffer, { transfer: [buffer] });
    expect(buffer.byteLength).toBe(0);
    expect((await within(run, 'run')).byteLength).toBe(1000);
  });

  it('move() of the result: gone in the isolate', async () => {
    const shell = shellOf({ parallel: [firstCpu] });
    const { size, buffer } = (await within(shell.run(work('moved'), 1000), 'run')) as {
      size: number;
      buffer: ArrayBuffer;
    };
    expect([size, new Uint8Array(buffer)]).toEqual([1000, new Uint8Array(1000).fill(7)]);
    let left: unknown = -1;
    while (left === -1) left = await within(shell.run(work('leftOfMoved'), undefined), 'run');
    expect(left).toBe(0);
  });

  it('a SharedArrayBuffer is shared, both ways', async () => {
    const words = new Int32Array(new SharedArrayBuffer(4));
    const shell = shellOf();
    const outputs = await within(
      Promise.all(Array.from({ length: 50 }, () => shell.run<Int32Array, Int32Array>(work('shared'), words))),
      'runs',
    );
    expect(words[0]).toBe(50);
    words[0] = 51;
    for (const output of outputs) expect(output[0]).toBe(51);
  });

  it('MessagePorts, both ways', async () => {
    const shell = shellOf();
    const { port1, port2 } = new MessageChannel();
    const heard = new Promise((resolve) => port1.once('message', resolve));
    await within(shell.run(work('answer'), port2, { transfer: [port2] }), 'run');
    expect(await within(heard, 'the message')).toBe('hello');
    port1.close();
    const { port } = (await within(shell.run(work('channel'), undefined), 'run')) as {
      port: import('node:worker_threads').MessagePort;
    };
    const second = new Promise((resolve) => port.once('message', resolve));
    expect(await within(second, 'the message')).toBe('from the isolate');
    port.close();
  });
});

describe('map(), transform() and doParallel()', () => {
  it('map() gives the outputs in order, and reads no further than it may', async () => {
    const shell = shellOf();
    const gate = new Gate();
    let taken = 0;
    async function* source() {
      for (; taken < 100; taken++) yield taken === 0 ? gate.words : taken;
    }
    const outputs: unknown[] = [];
    const loop = (async () => {
      for await (const output of shell.map<unknown, unknown>(source(), work('gateOrId'), { maxPending: 8 }))
        outputs.push(output);
    })();
    await gate.reached();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([outputs, taken <= 8]).toEqual([[], true]);
    gate.open();
    await within(loop, 'map');
    expect(outputs).toEqual(['passed', ...Array.from({ length: 99 }, (_, i) => i + 1)]);
  });

  it('map() ends with the signal', async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const output of shellOf().map([1, 2, 3, 4, 5, 6], id, { signal: controller.signal, maxPending: 2 })) {
        seen.push(output);
        if (output === 2) controller.abort(new Error('enough'));
      }
    })();
    await expect(within(loop, 'map')).rejects.toThrow('enough');
    expect(seen.slice(0, 2)).toEqual([1, 2]);
    expect(seen.length).toBeLessThan(6);
  });

  it('transform() carries chunks through, in order', async () => {
    const chunks = Array.from({ length: 500 }, (_, i) => i + 1);
    const stream = Readable.from(chunks).pipe(shellOf().transform(work('idLater'), { maxPending: 16 }));
    const outputs: unknown[] = [];
    for await (const output of stream) outputs.push(output);
    expect(outputs).toEqual(chunks);
  });

  it('doParallel() sets result or error, and leaves nothing of the last time', async () => {
    const shell = shellOf();
    const job: Job = { parallel: id, data: { n: 1 }, serial: () => {} };
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    expect([job.result, job.error]).toEqual([{ n: 1 }, undefined]);
    job.parallel = work('throws', 'wrongs.mjs');
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    expect([job.result, job.error?.message]).toEqual([undefined, 'thrown']);
    job.parallel = id;
    shell.doParallel(job);
    await within(shell.drain(), 'drain');
    expect([job.result, job.error]).toEqual([{ n: 1 }, undefined]);
  });
});

describe('room() and isFull', () => {
  it('tell when there is room for one more', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const shell = padata.createShell({ maxPending: 3 });
    const gate = new Gate();
    expect(shell.isFull).toBe(false);
    const runs = [shell.run(work('gate'), gate.words), shell.run(id, 1), shell.run(id, 2)];
    expect(shell.isFull).toBe(true);
    await expect(shell.run(id, 3)).rejects.toMatchObject({ code: 'EAGAIN' });
    let isRoom = false;
    const room = shell.room().then(() => {
      isRoom = true;
      expect(shell.isFull).toBe(false);
    });
    await gate.reached();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isRoom).toBe(false);
    gate.open();
    await within(room, 'room');
    await within(Promise.all(runs), 'runs');
    await within(shell.room(), 'room');
    expect(shell.isFull).toBe(false);
  });

  it('bound a producer that waits for them', async () => {
    const shell = instance().createShell({ maxPending: 10 });
    const order: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      if (shell.isFull) await within(shell.room(), 'room');
      expect(shell.pending).toBeLessThan(10);
      void shell.run(id, i).then((output) => order.push(output));
    }
    await within(shell.drain(), 'drain');
    await until(() => order.length === 300, 'all');
    expect(order).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });
});
