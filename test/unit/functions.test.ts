import { crc32 as zlibCrc32 } from 'node:zlib';
import { Padata, type Shell } from 'padata';
import { crc32, echo, noop, spin } from 'padata/functions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';

let padata: Padata;
let shell: Shell;
beforeAll(() => {
  padata = new Padata('functions');
  shell = padata.createShell();
});
afterAll(() => padata.close());

const wrong = (value: unknown) => value as never;
const invalidType = (text: string) =>
  expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(text) });

/** The definition, a bit at a time. */
function slowCrc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

describe('noop', () => {
  it('has no result', async () => expect(await shell.run(noop, undefined)).toBeUndefined());
  it('takes no input', async () => {
    await expect((async () => shell.run(noop, wrong(1)))()).rejects.toEqual(invalidType('job.data'));
  });
});

describe('echo', () => {
  it('gives the bytes back as a copy', async () => {
    const input = Buffer.from('there and back');
    const result = shell.run(echo, input);
    input.fill(0); // it was copied when it was submitted
    expect(Buffer.from(await result).toString()).toBe('there and back');
  });
  it('gives an empty array back', async () => {
    const result = await shell.run(echo, new Uint8Array(0));
    expect(result).toBeInstanceOf(Uint8Array);
    expect(result.length).toBe(0);
  });
  it('works on many, in order', async () => {
    const inputs = Array.from({ length: 2000 }, (_, i) => Buffer.from(`packet ${i}`));
    const results = await Promise.all(inputs.map((input) => shell.run(echo, input)));
    expect(results.map((result) => Buffer.from(result).toString())).toEqual(inputs.map(String));
  });
  it.each([['a string'], [null], [undefined], [[1, 2]], [new ArrayBuffer(2)], [new Uint16Array(2)]])(
    'refuses %j',
    async (value) => {
      await expect((async () => shell.run(echo, wrong(value)))()).rejects.toEqual(invalidType('job.data'));
    },
  );
});

describe('crc32', () => {
  it('gives the check value', async () => expect(await shell.run(crc32, Buffer.from('123456789'))).toBe(0xcbf43926));
  it('agrees with the definition, and with zlib where that has it', async () => {
    const random = new Random();
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: random.below(700) }, () => random.below(256));
      const result = await shell.run(crc32, bytes);
      expect(result, `seed ${random.seed}`).toBe(slowCrc32(bytes));
      if (zlibCrc32 !== undefined) expect(result).toBe(zlibCrc32(bytes));
    }
  });
  it('refuses what are no bytes', async () => {
    await expect((async () => shell.run(crc32, wrong('text')))()).rejects.toEqual(invalidType('job.data'));
  });
});

describe('spin', () => {
  it('takes at least its time', async () => {
    const start = process.hrtime.bigint();
    await shell.run(spin(2_000_000), undefined);
    expect(process.hrtime.bigint() - start).toBeGreaterThanOrEqual(2_000_000n);
  });
  it('may take none', async () => expect(await shell.run(spin(0), undefined)).toBeUndefined());
  it.each([[-1], [0.5], [Number.NaN], [Infinity], [3.6e12 + 1]])('refuses %d nanoseconds', (value) => {
    expect(() => spin(value)).toThrow(
      expect.objectContaining({ name: 'RangeError', message: expect.stringContaining('"nanoseconds"') }),
    );
  });
  it('refuses what is no number', () => expect(() => spin(wrong('5'))).toThrow(invalidType('"nanoseconds"')));
});
