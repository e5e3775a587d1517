import { randomBytes } from 'node:crypto';
import { Padata, PadataError, type Shell } from 'padata';
import { aead } from 'padata/pcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let padata: Padata;
let shell: Shell;
beforeAll(() => {
  padata = new Padata('pencrypt');
  shell = padata.createShell();
});
afterAll(() => padata.close());

const wrong = (value: unknown) => value as never;
const error = (name: string, text: string) => expect.objectContaining({ name, message: expect.stringContaining(text) });
const code = (name: string) => expect.objectContaining({ name: 'PadataError', code: name });

describe('aead', () => {
  it.each([
    ['gcm(aes)', 16, 12],
    ['gcm(aes)', 24, 12],
    ['gcm(aes)', 32, 12],
    ['rfc4106(gcm(aes))', 20, 8],
    ['rfc4106(gcm(aes))', 36, 8],
    ['rfc7539(chacha20,poly1305)', 32, 12],
    ['rfc7539esp(chacha20,poly1305)', 36, 8],
  ])('%s with a key of %d bytes works both ways', async (name, keySize, ivSize) => {
    using cipher = aead(name, randomBytes(keySize));
    expect(cipher).toMatchObject({ name, ivSize, authSize: 16 });
    const iv = randomBytes(ivSize);
    const aad = randomBytes(12);
    for (const size of [0, 1, 1420, 100_000]) {
      const data = randomBytes(size);
      const sealed = await shell.run(cipher.encrypt, { iv, aad, data });
      expect(sealed.length).toBe(size + 16);
      const opened = await shell.run(cipher.decrypt, { iv, aad, data: sealed });
      expect(Buffer.compare(opened, data)).toBe(0);
    }
  });

  it('copies key and input at once', async () => {
    const key = randomBytes(32);
    const data = Buffer.from('some text');
    using cipher = aead('gcm(aes)', key);
    const iv = randomBytes(12);
    key.fill(0);
    const first = shell.run(cipher.encrypt, { iv, data });
    data.fill(0);
    const opened = await shell.run(cipher.decrypt, { iv, data: await first });
    expect(Buffer.from(opened).toString()).toBe('some text');
  });

  it('reports a tag that does not verify in its turn', async () => {
    using cipher = aead('gcm(aes)', randomBytes(16));
    const iv = randomBytes(12);
    const sealed = await shell.run(cipher.encrypt, { iv, data: Buffer.alloc(100, 7) });
    const order: string[] = [];
    const jobs = Array.from({ length: 50 }, async (_, i) => {
      const data = Buffer.from(sealed);
      if (i % 3 === 0) data[i] = (data[i] as number) ^ 1;
      try {
        await shell.run(cipher.decrypt, { iv, data });
        order.push(`${i} opened`);
      } catch (reason) {
        expect(reason).toBeInstanceOf(PadataError);
        order.push(`${i} ${(reason as PadataError).code}`);
      }
    });
    await Promise.all(jobs);
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => `${i} ${i % 3 === 0 ? 'EBADMSG' : 'opened'}`));
  });

  it('says what an errno means here', async () => {
    using cipher = aead('gcm(aes)', randomBytes(16));
    const open = (size: number) => shell.run(cipher.decrypt, { iv: randomBytes(12), data: Buffer.alloc(size) });
    await expect(open(32)).rejects.toThrow(/^EBADMSG: the integrity check failed: wrong key, .*, aead decrypt$/);
    await expect(open(15)).rejects.toThrow(/^EINVAL: the data is shorter than a tag, aead decrypt$/);
  });

  it('fails what is shorter than a tag in its turn', async () => {
    using cipher = aead('gcm(aes)', randomBytes(16));
    const result = shell.run(cipher.decrypt, { iv: randomBytes(12), data: Buffer.alloc(15) });
    await expect(result).rejects.toEqual(code('EINVAL'));
  });

  it.each([4, 8, 12, 13, 14, 15, 16])('makes and checks tags of %d bytes', async (authSize) => {
    using cipher = aead('gcm(aes)', randomBytes(32), { authSize });
    expect(cipher.authSize).toBe(authSize);
    const iv = randomBytes(12);
    const sealed = await shell.run(cipher.encrypt, { iv, data: Buffer.alloc(9) });
    expect(sealed.length).toBe(9 + authSize);
    expect((await shell.run(cipher.decrypt, { iv, data: sealed })).length).toBe(9);
  });

  it('finishes what is in flight when it is freed, and takes nothing any more', async () => {
    const cipher = aead('gcm(aes)', randomBytes(32));
    const iv = randomBytes(12);
    const jobs = Array.from({ length: 200 }, () => shell.run(cipher.encrypt, { iv, data: Buffer.alloc(1000) }));
    cipher.free();
    cipher.free();
    await expect((async () => shell.run(cipher.encrypt, { iv, data: Buffer.alloc(1) }))()).rejects.toEqual(
      code('EINVAL'),
    );
    for (const sealed of await Promise.all(jobs)) expect(sealed.length).toBe(1016);
  });
});

describe('arguments of aead', () => {
  const key = Buffer.alloc(32);
  it.each<[unknown, unknown, unknown, string, string]>([
    [5, key, undefined, 'TypeError', '"name"'],
    ['', key, undefined, 'RangeError', '"name"'],
    ['cbc(aes)', key, undefined, 'RangeError', '"name"'],
    ['gcm(aes)', 'secret', undefined, 'TypeError', '"key"'],
    ['gcm(aes)', Buffer.alloc(31), undefined, 'RangeError', '"key.length"'],
    ['rfc4106(gcm(aes))', Buffer.alloc(32), undefined, 'RangeError', '"key.length"'],
    ['gcm(aes)', key, 5, 'TypeError', '"options"'],
    ['gcm(aes)', key, { authSize: '16' }, 'TypeError', '"options.authSize"'],
    ['gcm(aes)', key, { authSize: 1.5 }, 'RangeError', '"options.authSize"'],
    ['gcm(aes)', key, { authSize: 17 }, 'RangeError', '"options.authSize"'],
    ['gcm(aes)', key, { authSize: 9 }, 'RangeError', '"options.authSize"'],
    ['rfc7539(chacha20,poly1305)', key, { authSize: 12 }, 'RangeError', '"options.authSize"'],
  ])('aead(%j, %j, %j)', (name, bytes, options, type, text) => {
    expect(() => aead(wrong(name), wrong(bytes), wrong(options))).toThrow(error(type, text));
  });

  const iv = Buffer.alloc(8);
  const aad = Buffer.alloc(8);
  const data = Buffer.alloc(8);
  it.each<[unknown, string, string]>([
    [undefined, 'TypeError', '"job.data"'],
    [null, 'TypeError', '"job.data"'],
    ['text', 'TypeError', '"job.data"'],
    [{ aad, data }, 'TypeError', '"job.data.iv"'],
    [{ iv: [1, 2, 3, 4, 5, 6, 7, 8], aad, data }, 'TypeError', '"job.data.iv"'],
    [{ iv: Buffer.alloc(12), aad, data }, 'RangeError', '"job.data.iv.length"'],
    [{ iv, data }, 'RangeError', '"job.data.aad.length"'],
    [{ iv, aad: Buffer.alloc(16), data }, 'RangeError', '"job.data.aad.length"'],
    [{ iv, aad: 'x', data }, 'TypeError', '"job.data.aad"'],
    [{ iv, aad }, 'TypeError', '"job.data.data"'],
  ])('job.data = %j', async (request, type, text) => {
    using cipher = aead('rfc4106(gcm(aes))', Buffer.alloc(20));
    const pending = shell.pending;
    await expect((async () => shell.run(cipher.encrypt, wrong(request)))()).rejects.toEqual(error(type, text));
    expect(shell.pending).toBe(pending);
  });
});
