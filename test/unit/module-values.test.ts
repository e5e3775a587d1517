/** How values cross between isolates: the same comes out as with structuredClone. */
import { types } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it, test } from 'vitest';
import * as values from '../../dist/module/values.js';
import { Random } from '../support/random.js';

const { encode, decode } = values;

/** There and back; as a job does it, with bytes that are gone afterwards. */
function cross(value: unknown): unknown {
  const { type, number, bytes, message } = encode(value);
  if (message !== undefined) return post(message.value, message.transfer);
  const copy = bytes && new Uint8Array(bytes);
  const result = decode(type, number, copy);
  if (type !== values.BYTES) copy?.fill(0xaa);
  return result;
}

function post(value: unknown, transfer: readonly unknown[]): unknown {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value, transfer as never);
  const received = receiveMessageOnPort(port2)?.message;
  port1.close();
  return received;
}

const typeOf = (value: unknown) => encode(value).type;
const cyclic: { self?: unknown; list: unknown[] } = { list: [1] };
cyclic.self = cyclic;
cyclic.list.push(cyclic.list, cyclic);
const shared = { x: 1 };
class Point {
  x = 1;
  get y() {
    return 2;
  }
}
const frozen = Object.freeze({ a: Object.freeze([1]) });
const buffer = new ArrayBuffer(64);
new Uint8Array(buffer).forEach((_, i, all) => {
  all[i] = i;
});

/** What it is, and the type that it must go by. */
const table: Record<string, [value: unknown, type: number]> = {
  undefined: [undefined, values.NONE],
  null: [null, values.CONSTANT],
  true: [true, values.CONSTANT],
  false: [false, values.CONSTANT],
  '0': [0, values.NUMBER],
  '-0': [-0, values.NUMBER],
  NaN: [Number.NaN, values.NUMBER],
  '-Infinity': [Number.NEGATIVE_INFINITY, values.NUMBER],
  bytes: [new Uint8Array([1, 2, 3]), values.BYTES],
  'no bytes': [new Uint8Array(0), values.BYTES],
  'an empty string': ['', values.ASCII],
  'a string': ['some text', values.ASCII],
  'a long string': ['long'.repeat(10_000), values.ASCII],
  'a string with umlauts': ['grüße', values.UTF16],
  'a long string with emoji': ['😀'.repeat(10_000), values.UTF16],
  'a lone surrogate': ['\ud83d', values.UTF16],
  'a lone surrogate inside': [{ text: 'x\udc00' }, values.JSON_TEXT],
  'a small object': [{ a: 1, b: [true, null, 'ä'], c: { d: -1.5 } }, values.JSON_TEXT],
  'an own __proto__': [JSON.parse('{"__proto__": {"a": 1}}'), values.JSON_TEXT],
  'keys like indices': [{ b: 1, 2: 2, 1: 1 }, values.JSON_TEXT],
  'undefined inside': [{ a: undefined }, values.CLONE],
  '-0 inside': [[-0], values.CLONE],
  'NaN inside': [{ a: Number.NaN }, values.CLONE],
  'no prototype': [Object.assign(Object.create(null), { a: 1 }), values.CLONE],
  'a sparse array': [Object.assign([1], { 2: 3 }), values.CLONE],
  'a long sparse array': [Object.assign([], { 4000000000: 1 }), values.CLONE],
  'an array with properties': [Object.assign([1], { extra: 2 }), values.CLONE],
  'an object that is met twice': [[shared, shared], values.CLONE],
  'a cycle': [cyclic, values.CLONE],
  'a bigint': [-(2n ** 100n), values.CLONE],
  'a date': [new Date(1234), values.CLONE],
  'an invalid date': [new Date(Number.NaN), values.CLONE],
  'a regular expression': [/a(b)/giu, values.CLONE],
  'boxed primitives': [[Object(1), Object('x'), Object(true), Object(1n)], values.CLONE],
  'a large map': [new Map(Array.from({ length: 5000 }, (_, i) => [i, { i }])), values.CLONE],
  'a set in a map': [new Map([[{ key: 1 }, new Set([1, 'x', shared])]]), values.CLONE],
  'an ArrayBuffer': [buffer, values.CLONE],
  'an instance of a class': [[new Point(), new Point()], values.CLONE],
  'frozen objects': [frozen, values.JSON_TEXT],
  'an error': [new TypeError('x', { cause: new Error('y') }), values.CLONE],
  'errors inside': [{ errors: [new RangeError('a'), new Error('b')] }, values.CLONE],
  'a Blob': [new Blob(['text']), values.MESSAGE],
  'a Blob inside': [{ list: [new Blob(['text'])] }, values.MESSAGE],
};

describe.each(Object.entries(table))('%s', (_name, [value, type]) => {
  it('comes out as structuredClone gives it', () => expect(cross(value)).toStrictEqual(structuredClone(value)));
  it(`goes by type ${type}`, () => expect(typeOf(value)).toBe(type));
});

describe('identity', () => {
  it('is kept within a value', () => {
    const out = cross(cyclic) as typeof cyclic;
    expect(out).not.toBe(cyclic);
    expect([out.self, out.list[1], out.list[2]]).toEqual([out, out.list, out]);
    expect(out.self === out && out.list[1] === out.list).toBe(true);
    const [a, b] = cross([shared, shared]) as object[];
    expect(a === b).toBe(true);
  });

  it('of a buffer is kept over its views', () => {
    const out = cross([new Uint8Array(buffer, 8, 8), new DataView(buffer, 1, 5), buffer]) as [
      Uint8Array,
      DataView,
      object,
    ];
    expect(out[0].buffer === out[2] && out[1].buffer === out[2]).toBe(true);
    expect([out[0][0], out[1].getUint8(0), out[1].byteLength]).toEqual([8, 1, 5]);
  });
});

describe('views', () => {
  const kinds = [
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ];
  test.each(kinds)('$name, all and a part', (kind) => {
    const Kind = kind as new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => ArrayBufferView;
    expect(cross(new Kind(buffer.slice(0)))).toStrictEqual(structuredClone(new Kind(buffer.slice(0))));
    const part = cross([new Kind(buffer, 8, 2)]) as ArrayBufferView[];
    expect(part).toStrictEqual(structuredClone([new Kind(buffer, 8, 2)]));
    expect([part[0]!.byteOffset, part[0]!.buffer.byteLength]).toEqual([8, 64]);
  });

  it('a Uint8Array takes only its own bytes along, and becomes no Buffer', () => {
    const text = Buffer.from('from the pool');
    expect(encode(text).bytes).toBe(text);
    const inside = cross({ text }) as { text: Uint8Array };
    expect(Object.getPrototypeOf(inside.text)).toBe(Uint8Array.prototype);
    expect([Buffer.from(inside.text).toString(), inside.text.buffer.byteLength]).toEqual(['from the pool', 13]);
  });

  it('one that follows a resizable buffer still does', () => {
    const resizable = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]) as ArrayBuffer;
    const out = cross([new Uint8Array(resizable)]) as Uint8Array[];
    (out[0]!.buffer as unknown as { resize(size: number): void }).resize(16);
    expect(out[0]!.length).toBe(16);
  });
});

describe('memory that is shared', () => {
  it('stays so, alone, in a view and inside', () => {
    const sab = new SharedArrayBuffer(4);
    const outs = [
      cross(sab),
      (cross(new Uint8Array(sab)) as Uint8Array).buffer,
      (cross({ sab }) as { sab: object }).sab,
    ];
    new Uint8Array(sab)[0] = 7;
    for (const out of outs) expect(new Uint8Array(out as SharedArrayBuffer)[0]).toBe(7);
  });
});

describe('a transfer list', () => {
  it('moves at once; the copy is independent of what happens later', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const value = { bytes, note: 'before' };
    const { type, message } = encode(value, [bytes.buffer]);
    value.note = 'after';
    expect([type, bytes.length]).toEqual([values.MESSAGE, 0]);
    const out = post(message!.value, message!.transfer);
    expect(out).toStrictEqual({ bytes: new Uint8Array([1, 2, 3]), note: 'before' });
    expect((message!.value as typeof value).bytes.length).toBe(0);
  });

  it('moves ports', () => {
    const { port1, port2 } = new MessageChannel();
    const { message } = encode({ port1 }, [port1]);
    const { port1: moved } = post(message!.value, message!.transfer) as { port1: typeof port1 };
    port2.postMessage('through');
    expect(receiveMessageOnPort(moved)?.message).toBe('through');
    moved.close();
  });

  it('that is empty changes nothing', () => expect(encode(1, []).type).toBe(values.NUMBER));
  it('with an entry twice is refused', () => {
    const once = new ArrayBuffer(1);
    expect(() => encode(once, [once, once])).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });
});

describe('what cannot be cloned', () => {
  const detached = new Uint8Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  const args = (function (..._: number[]) {
    // biome-ignore lint/complexity/noArguments: that is the case
    return arguments;
  })(1);
  const cases: Record<string, unknown> = {
    'a function': () => 1,
    'a method': { run() {} },
    'a symbol': Symbol('s'),
    'a promise': Promise.resolve(),
    'a WeakMap inside': [new WeakMap()],
    'a proxy': new Proxy({}, {}),
    'a proxy inside': [new Proxy([], {})],
    'a detached array': detached,
    'a detached array inside': { detached },
    arguments: args,
  };
  test.each(Object.entries(cases))('%s: DataCloneError', (_name, value) => {
    expect(() => structuredClone(value)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
    expect(() => encode(value)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });

  it('what a getter throws is thrown, and the next value goes through', () => {
    const value = {
      get x() {
        throw new RangeError('from the getter');
      },
    };
    expect(() => encode(value)).toThrow('from the getter');
    expect(cross({ a: 1 })).toEqual({ a: 1 });
  });

  it('depth without end is an error, not the end', () => {
    let deep: unknown = [];
    for (let i = 0; i < 1_000_000; i++) deep = [deep];
    expect(() => encode(deep)).toThrow(Error);
  });

  it('a type that is not carried by bytes is refused by decode()', () => {
    expect(() => decode(values.MESSAGE, 0, new Uint8Array(0))).toThrow(RangeError);
  });
});

describe('values at random', () => {
  const random = new Random();

  /** Deeper ones are smaller; objects made before may come again, so there are cycles. */
  function any(depth: number, made: object[]): unknown {
    const simple = [undefined, null, true, -0, Number.NaN, 1e300, random.below(1e9), 'ascii', 'ümläut\ud800', 12n, ''];
    if (depth === 0 || random.below(4) === 0) return simple[random.below(simple.length)];
    if (made.length > 0 && random.below(8) === 0) return made[random.below(made.length)];
    return container(depth, made);
  }

  function container(depth: number, made: object[]): object {
    const size = random.below(6);
    const list = () => Array.from({ length: size }, () => any(depth - 1, made));
    const kind = random.below(8);
    if (kind === 0) return new Date(random.below(1e9));
    if (kind === 1) return new Float64Array(size).fill(random.below(100));
    if (kind === 2) return Buffer.from('x'.repeat(size + 1));
    if (kind === 3) return new Map(list().map((value, i) => [i % 2 ? value : i, value]));
    if (kind === 4) return new Set(list());
    const owner: Record<string, unknown> | unknown[] = kind === 5 ? [] : {};
    made.push(owner);
    for (const [i, value] of list().entries()) {
      Reflect.set(owner, kind === 7 ? `key ${i}` : i * (1 + random.below(2)), value);
    }
    return owner;
  }

  /** Buffers of the pool come out alone, so only what is seen of a view counts. */
  const visible = (value: unknown) => (types.isUint8Array(value) ? new Uint8Array(value) : value);

  it('come out as structuredClone gives them, and by all ways', () => {
    const ways = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      const value = any(4, []);
      ways.add(typeOf(value));
      expect(visible(cross(value)), `PADATA_SEED=${random.seed}, value ${i}`).toStrictEqual(
        visible(structuredClone(value)),
      );
    }
    expect(ways).toContain(values.JSON_TEXT);
    expect(ways).toContain(values.CLONE);
    expect(ways).not.toContain(values.MESSAGE);
  });
});
