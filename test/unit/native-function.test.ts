import { NativeFunction, nativeFunction, PadataError } from 'padata';
import { noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { freeNativeFunction } from '../../dist/internal/make-native-function.js';
import { fixture } from '../fixtures/native-addon/index.js';
import { native, shellOf, within, wrong } from '../support/padata.js';

describe('nativeFunction()', () => {
  it('takes a function of another addon, by its own name', async () => {
    const sum = nativeFunction<Uint8Array, number>(fixture.sum);
    expect(sum).toBeInstanceOf(NativeFunction);
    expect(sum.name).toBe('fixture.sum');
    expect(await shellOf().run(sum, Buffer.from([1, 2, 39]))).toBe(42);
  });

  it.each([
    ['wrongAbiMajor', /another major version/],
    ['wrongKind', /kind is unknown/],
    ['smallStruct', /struct_size/],
    ['noFunction', /no function/],
    ['noName', /no name/],
    ['hugeRoom', /room is too large/],
    ['wrongTag', /type tag/],
    ['untagged', /type tag/],
    ['nullPointer', /external/],
  ] as const)('refuses %s', (name, message) => {
    expect(() => nativeFunction(fixture[name])).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => nativeFunction(fixture[name])).toThrow(message);
  });

  it.each([undefined, null, 1, 'x', {}, [], () => {}, Buffer.alloc(64), noop])('refuses %o', (value) => {
    expect(() => nativeFunction(value)).toThrow(TypeError);
    expect(() => nativeFunction(value)).toThrow(/"external"/);
  });

  it('is the only way to make one', () => {
    expect(() => Reflect.construct(NativeFunction, [undefined, { name: 'x' }])).toThrow(TypeError);
  });
});

describe('input and output', () => {
  it('sees no parts where there is no input, whatever its entry was used for before', async () => {
    const shell = shellOf();
    const three = [Buffer.alloc(5), Buffer.alloc(60), Buffer.alloc(700)];
    for (const [data, sum] of [[three, 765] as const, [undefined, 0] as const, [Buffer.alloc(0), 0] as const]) {
      const sums = Array.from({ length: 700 }, () => shell.run(native('partSizes'), wrong(data)));
      expect(await Promise.all(sums)).toEqual(Array(700).fill(sum));
    }
  });

  it('takes up to three parts, one behind the other', async () => {
    const shell = shellOf();
    const [a, b, c] = [Buffer.from('ab'), Buffer.from(''), Buffer.from('xyz')];
    const sizes = async (input: unknown) => {
      const bytes = Buffer.from((await shell.run(native('parts'), wrong(input))) as Uint8Array);
      return [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
    };
    expect(await sizes(a)).toEqual([2, 0, 0]);
    expect(await sizes([a])).toEqual([2, 0, 0]);
    expect(await sizes([a, b])).toEqual([2, 0, 0]);
    expect(await sizes([a, b, c])).toEqual([2, 0, 3]);
    const inverted = await shell.run(native('invert'), wrong([a, b, c]));
    expect(inverted).toEqual(new Uint8Array([...Buffer.from('abxyz')].map((byte) => byte ^ 255)));
  });

  it('gives room before and behind the input', async () => {
    const shell = shellOf();
    for (const size of [1, 24, 25, 60, 64, 65, 1420, 70_000]) {
      const framed = (await shell.run(native('frame'), Buffer.alloc(size, 'x'))) as Uint8Array;
      expect(Buffer.from(framed).toString()).toBe(`HEAD${'x'.repeat(size)}TAIL`);
    }
    expect(Buffer.from((await shell.run(native('frame'), undefined)) as Uint8Array).toString()).toBe('HEADTAIL');
  });

  it('keeps the bytes of neighbours apart', async () => {
    const shell = shellOf();
    const inputs = Array.from({ length: 500 }, (_, i) => Buffer.alloc(1 + ((i * 37) % 900), i));
    const outputs = await within(Promise.all(inputs.map((input) => shell.run(native('frame'), input))), 'run');
    const texts = outputs.map((output) => Buffer.from(output as Uint8Array).toString('latin1'));
    expect(texts).toEqual(inputs.map((input) => `HEAD${input.toString('latin1')}TAIL`));
  });

  it.each([
    ['a string', 'x'],
    ['a number', 1],
    ['null', null],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a DataView', new DataView(new ArrayBuffer(1))],
    ['four parts', Array(4).fill(Buffer.from('x'))],
    ['a part that is no array', [Buffer.from('x'), 'y']],
    ['a gap', [Buffer.from('x'), undefined, Buffer.from('y')]],
  ])('refuses %s', async (_, data) => {
    const shell = shellOf();
    expect(() => shell.doParallel({ parallel: native('sum'), data, serial() {} })).toThrow(/job\.data/);
    expect(shell.pending).toBe(0);
  });
});

describe('the life of a native function', () => {
  it('is refused as a job if it is the thread function of a range', () => {
    const shell = shellOf();
    const countUnits = native('countUnits');
    const refusal = expect.objectContaining({ name: 'PadataError', code: 'EINVAL' });
    expect(() => shell.doParallel({ parallel: countUnits, serial() {} })).toThrow(refusal);
    expect(() => shell.doParallel({ parallel: noop, serial: countUnits })).toThrow(refusal);
    expect(shell.pending).toBe(0);
  });

  it('is retained once and released once, when the jobs in flight are through', async () => {
    const shell = shellOf();
    const recorder = fixture.recorder();
    const fn = nativeFunction(recorder.fn);
    expect(recorder.counts()).toEqual({ retains: 1, releases: 0 });
    const results = [shell.run(fn, Buffer.from('a')), shell.run(fn, Buffer.from('b'))];
    freeNativeFunction(fn);
    await expect(shell.run(fn, undefined)).rejects.toThrow(PadataError);
    expect(() => shell.doParallel({ parallel: noop, serial: fn })).toThrow(/EINVAL.*freed/);
    await within(Promise.all(results), 'run');
    expect(recorder.counts()).toEqual({ retains: 1, releases: 1 });
    freeNativeFunction(fn);
    expect(recorder.counts()).toEqual({ retains: 1, releases: 1 });
  });

  it('can be taken twice', async () => {
    const recorder = fixture.recorder();
    const [one, other] = [nativeFunction(recorder.fn), nativeFunction(recorder.fn)];
    freeNativeFunction(one);
    expect(recorder.counts()).toEqual({ retains: 2, releases: 1 });
    await within(shellOf().run(other, undefined), 'run');
    freeNativeFunction(other);
    expect(recorder.counts()).toEqual({ retains: 2, releases: 2 });
  });
});
