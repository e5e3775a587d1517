/** Memory of the addon, and the AEAD functions on it. */
import { randomBytes } from 'node:crypto';
import { allocate, Padata } from 'padata';
import { crc32, echo } from 'padata/functions';
import { aead } from 'padata/pcrypt';
import { afterAll, describe, expect, it } from 'vitest';
import { wrong } from '../support/padata.js';

const padata = new Padata('allocate');
const shell = padata.createShell();
const { encrypt, decrypt } = aead('gcm(aes)', randomBytes(32));
const iv = randomBytes(12);
const aad = randomBytes(20);
afterAll(() => padata.close());

/** A copy in memory of the addon. */
function allocated(bytes: Uint8Array): Uint8Array {
  const made = allocate(bytes.length);
  made.set(bytes);
  return made;
}

describe('allocate', () => {
  it.each([1, 63, 64, 1420, 256 * 1024, 1_000_000])('gives %d bytes of zeros', (size) => {
    const bytes = allocate(size);
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(bytes.length).toBe(size);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    bytes.fill(1);
    expect(allocate(size).every((byte) => byte === 0)).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31, '1', undefined])('refuses %s', (size) => {
    expect(() => allocate(wrong(size))).toThrow(/"size"/);
  });

  it('behaves as any Uint8Array does', async () => {
    const bytes = allocated(Buffer.from('123456789'));
    expect(Buffer.from(bytes.slice(2, 4)).toString()).toBe('34');
    expect(Buffer.from(bytes.map((byte) => byte + 1)).toString()).toBe('23456789:');
    expect(await shell.run(crc32, bytes)).toBe(3421780262);
    const copied = shell.run(echo, bytes);
    bytes.fill(0);
    expect(Buffer.from(await copied).toString()).toBe('123456789');
  });
});

describe('aead on memory of the addon', () => {
  it.each([0, 1, 64, 1420, 100_000, 300_000])('gives the same, %d bytes', async (size) => {
    const data = randomBytes(size);
    const sealed = Buffer.from(await shell.run(encrypt, { iv, aad, data }));
    const [own, longer] = [allocate(size + 16), allocate(size + 100)];
    for (const dst of [own, longer, longer.subarray(7)]) {
      for (const source of size === 0 ? [data] : [data, allocated(data)]) {
        const result = await shell.run(encrypt, { iv, aad, data: source, dst });
        expect(sealed.equals(result)).toBe(true);
        expect(result.byteOffset).toBe(dst.byteOffset);
        expect(result.buffer).toBe(dst.buffer);
        const opened = await shell.run(decrypt, { iv, aad, data: dst.subarray(0, size + 16), dst: allocate(size + 1) });
        expect(data.equals(opened)).toBe(true);
      }
    }
    expect(await shell.run(encrypt, { iv, aad, data, dst: own })).toBe(own);
  });

  it('in place, and where text and result overlap', async () => {
    const data = randomBytes(1000);
    const sealed = Buffer.from(await shell.run(encrypt, { iv, data }));
    for (const at of [0, 1, 16, 500]) {
      const memory = allocate(2000);
      memory.set(data, 500);
      const text = memory.subarray(500, 1500);
      expect(sealed.equals(await shell.run(encrypt, { iv, data: text, dst: memory.subarray(500 - at, 1516) }))).toBe(
        true,
      );
      memory.set(sealed, 500);
      const opened = await shell.run(decrypt, { iv, data: memory.subarray(500, 1516), dst: memory.subarray(500 - at) });
      expect(data.equals(opened)).toBe(true);
    }
  });

  it('what does not verify leaves dst as it was', async () => {
    const sealed = allocated(await shell.run(encrypt, { iv, data: randomBytes(100) }));
    sealed[50] = (sealed[50] as number) ^ 1;
    const dst = allocate(100).fill(0xaa);
    await expect(shell.run(decrypt, { iv, data: sealed, dst })).rejects.toMatchObject({ code: 'EBADMSG' });
    expect(dst.every((byte) => byte === 0xaa)).toBe(true);
  });

  it('dst must be long enough, whatever it says of itself', async () => {
    const dst = allocate(100);
    expect(() =>
      shell.doParallel({ parallel: encrypt, serial() {}, data: { iv, data: randomBytes(85), dst } }),
    ).toThrow(/dst.length/);
    const end = dst.subarray(50);
    Object.defineProperty(end, 'length', { value: 1000 });
    await expect(shell.run(encrypt, { iv, data: randomBytes(85), dst: end })).rejects.toMatchObject({
      code: 'ENOBUFS',
    });
    const Bytes = dst.constructor as new (buffer: ArrayBuffer, offset: number) => Uint8Array;
    const shifted = new Bytes(dst.buffer as ArrayBuffer, 10);
    Object.defineProperty(shifted, 'byteOffset', { value: 5000 });
    await shell.run(encrypt, { iv, data: Buffer.alloc(60), dst: shifted });
    expect(dst.subarray(0, 10).every((byte) => byte === 0)).toBe(true);
    expect(dst.subarray(10, 86).some((byte) => byte !== 0)).toBe(true);
  });

  it('many jobs in flight keep their order and their buffers', async () => {
    const sources = Array.from({ length: 3000 }, (_, i) => allocated(Buffer.alloc(1 + ((i * 37) % 1500), i)));
    const results = await Promise.all(
      sources.map((data) => shell.run(encrypt, { iv, aad, data, dst: allocate(data.length + 16) })),
    );
    for (const [i, data] of sources.entries()) {
      const plain = await shell.run(encrypt, { iv, aad, data });
      expect(Buffer.compare(results[i] as Uint8Array, plain)).toBe(0);
    }
  });

  it.each([0, 1, 12, 27, 28, 29, 100])('associated data of %d bytes, next to what others have', async (size) => {
    const ads = Array.from({ length: 600 }, (_, i) => Buffer.alloc(size, i));
    const data = allocated(randomBytes(100));
    const sealed = await Promise.all(
      ads.map((aad) => shell.run(encrypt, { iv, aad, data, dst: allocate(data.length + 16) })),
    );
    for (const [i, aad] of ads.entries()) {
      const opened = await shell.run(decrypt, { iv, aad, data: sealed[i] as Uint8Array, dst: allocate(100) });
      expect(Buffer.compare(opened, data)).toBe(0);
    }
  });

  it('a request that submits another one while it is read', async () => {
    const [data, outer, inner] = [allocated(randomBytes(100)), allocate(116), allocate(116)];
    const others: Promise<Uint8Array>[] = [];
    const request = {
      iv,
      get data() {
        others.push(shell.run(encrypt, { iv, aad, data, dst: inner }));
        return data;
      },
      get dst() {
        others.push(shell.run(encrypt, { iv, data }));
        return outer;
      },
    };
    expect(await shell.run(encrypt, request)).toBe(outer);
    const [first, second] = await Promise.all(others);
    expect(first).toBe(inner);
    expect(Buffer.compare(outer, second as Uint8Array)).toBe(0);
    expect(Buffer.compare(outer.subarray(0, 100), inner.subarray(0, 100))).toBe(0);
  });

  it('shells that come and go keep no memory', async () => {
    const request = { iv, data: allocate(100), dst: allocate(116) };
    const round = async () => {
      const own = padata.createShell();
      await own.run(encrypt, request);
      own.free();
    };
    for (let i = 0; i < 500; i++) await round();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 5000; i++) await round();
    expect(process.memoryUsage().rss - before).toBeLessThan(40 * 2 ** 20); // 80 MB if each kept one segment's
  });
});
