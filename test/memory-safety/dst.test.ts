/** Results that go to memory of the caller's: right, or a clear error in the job's turn, whatever is done to that memory. */

import { Padata } from 'padata';
import { echo } from 'padata/functions';
import { aead } from 'padata/pcrypt';
import { afterAll, describe, expect, it } from 'vitest';

const padata = new Padata('dst');
const shell = padata.createShell();
const { encrypt, decrypt } = aead('gcm(aes)', Buffer.alloc(16, 1));
const iv = Buffer.alloc(12, 2);
const data = Buffer.alloc(40, 3);
/** ES2024, which the types that are used here do not know. */
const Resizable = ArrayBuffer as unknown as new (
  size: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(size: number): void };
afterAll(() => padata.close());

describe('dst', () => {
  it('of a job that failed is left alone, by that job and by every later one', async () => {
    const dst = Buffer.alloc(100, 0xcc);
    await expect(shell.run(decrypt, { iv, data, dst })).rejects.toMatchObject({ code: 'EBADMSG' });
    // More than a segment has: each of its places is used again.
    for (let i = 0; i < 1000; i++) await shell.run(echo, Buffer.alloc(60, 7));
    await expect(shell.run(echo, Buffer.alloc(0))).resolves.toEqual(new Uint8Array(0));
    expect(dst).toEqual(Buffer.alloc(100, 0xcc));
  });

  it('that is taken away while the job is in flight is an error', async () => {
    const dst = new Uint8Array(56);
    const result = shell.run(encrypt, { iv, data, dst });
    structuredClone(dst.buffer, { transfer: [dst.buffer] });
    await expect(result).rejects.toMatchObject({ code: 'ENOBUFS' });
  });

  it('that is made shorter is an error, and one that is made longer is not', async () => {
    const [shorter, longer] = [new Resizable(56, { maxByteLength: 200 }), new Resizable(56, { maxByteLength: 200 })];
    const results = [shorter, longer].map((buffer) => shell.run(encrypt, { iv, data, dst: new Uint8Array(buffer) }));
    shorter.resize(55);
    longer.resize(200);
    const [first, second] = await Promise.allSettled(results);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ENOBUFS' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: await shell.run(encrypt, { iv, data }) });
  });

  it('belongs to one job: the next one without dst gets memory of its own', async () => {
    const dst = new Uint8Array(56);
    const [first, second] = await Promise.all([
      shell.run(encrypt, { iv, data, dst }),
      shell.run(encrypt, { iv, data }),
    ]);
    expect(first.buffer).toBe(dst.buffer);
    expect(second.buffer).not.toBe(dst.buffer);
    expect(second).toEqual(first);
  });
});
