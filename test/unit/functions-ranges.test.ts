/** The thread functions of padata/functions, against loops in JavaScript. */
import { histogram, sum, translate } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { ways } from '../support/multithreaded.js';
import { instance, wrong } from '../support/padata.js';
import { Random } from '../support/random.js';

const SIZE = 300_001;

function anyBytes(size = SIZE): Uint8Array {
  const random = new Random();
  return new Uint8Array(new SharedArrayBuffer(size)).map(() => random.below(256));
}

/** The same bytes, shared. `map` of a typed array makes one that is not. */
function share(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

const newCounts = (length = 256) => new BigUint64Array(new SharedArrayBuffer(8 * length));
const newNumbers = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));
const split = { minChunk: 1000, maxThreads: 50 };

describe.each(Object.entries(ways))('%s', (_name, run) => {
  it('histogram counts each byte value of its range', async () => {
    const bytes = share(anyBytes());
    const counts = newCounts();
    await run(instance(), { threadFn: histogram, fnArg: { bytes, counts }, start: 5, size: SIZE - 10, ...split });
    const expected = new BigUint64Array(256);
    for (const byte of bytes.subarray(5, SIZE - 5)) expected[byte]!++;
    expect(counts).toEqual(expected);
  });

  it('sum adds up the numbers of its range', async () => {
    const values = newNumbers(SIZE);
    for (let i = 0; i < SIZE; i++) values[i] = i % 1000;
    const total = newNumbers(1);
    total[0] = 1000;
    await run(instance(), { threadFn: sum, fnArg: { values, total }, start: 1, size: SIZE - 2, ...split });
    expect(total[0]).toBe(values.subarray(1, SIZE - 1).reduce((a, b) => a + b, 1000));
  });

  it('translate replaces the bytes of its range, by a table that is copied', async () => {
    const bytes = share(anyBytes());
    const before = Uint8Array.from(bytes);
    const table = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    const done = run(instance(), { threadFn: translate, fnArg: { bytes, table }, start: 7, size: 100_000, ...split });
    table.fill(0);
    await done;
    const expected = before.map((byte, i) => (i >= 7 && i < 100_007 ? 255 - byte : byte));
    expect(Buffer.compare(bytes, expected)).toBe(0);
  });

  it.each([
    ['histogram, bytes', histogram, { bytes: new Uint16Array(9), counts: newCounts() }],
    ['histogram, counts', histogram, { bytes: share(anyBytes(9)), counts: new Uint32Array(256) }],
    ['sum, values', sum, { values: new Float32Array(9), total: newNumbers(1) }],
    ['sum, total', sum, { values: newNumbers(9), total: [0] }],
    ['translate, bytes', translate, { bytes: 'text', table: new Uint8Array(256) }],
    ['translate, table', translate, { bytes: share(anyBytes(9)), table: {} }],
    ['an argument that is none', histogram, undefined],
  ])('refuses a wrong type: %s', async (_what, threadFn, fnArg) => {
    await expect(async () => run(instance(), { threadFn, fnArg: wrong(fnArg), size: 9 })).rejects.toThrow(TypeError);
  });

  it.each([
    ['histogram, bytes', histogram, { bytes: share(anyBytes(8)), counts: newCounts() }],
    ['histogram, counts', histogram, { bytes: share(anyBytes(9)), counts: newCounts(255) }],
    ['sum, values', sum, { values: newNumbers(8), total: newNumbers(1) }],
    ['sum, total', sum, { values: newNumbers(9), total: newNumbers(0) }],
    ['translate, bytes', translate, { bytes: share(anyBytes(8)), table: new Uint8Array(256) }],
    ['translate, table', translate, { bytes: share(anyBytes(9)), table: new Uint8Array(255) }],
  ])('refuses what is too short: %s', async (_what, threadFn, fnArg) => {
    await expect(async () => run(instance(), { threadFn, fnArg: wrong(fnArg), size: 9 })).rejects.toThrow(RangeError);
  });
});
