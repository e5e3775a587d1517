/** Every AEAD gives what node:crypto gives for the same key, nonce, associated data and text. */
import { type CipherGCMTypes, createCipheriv, randomBytes } from 'node:crypto';
import { Padata } from 'padata';
import { aead } from 'padata/pcrypt';
import { describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';

interface Case {
  name: string;
  keySize: number;
  saltSize: number;
  authSizes: number[];
  aadSizes: number[];
}

const gcm = [16, 24, 32].flatMap<Case>((size) => [
  { name: 'gcm(aes)', keySize: size, saltSize: 0, authSizes: [4, 8, 12, 13, 14, 15, 16], aadSizes: [0, 1, 16, 33] },
  { name: 'rfc4106(gcm(aes))', keySize: size, saltSize: 4, authSizes: [8, 12, 16], aadSizes: [8, 12] },
]);
const cases: Case[] = [
  ...gcm,
  { name: 'rfc7539(chacha20,poly1305)', keySize: 32, saltSize: 0, authSizes: [16], aadSizes: [0, 1, 16, 33] },
  { name: 'rfc7539esp(chacha20,poly1305)', keySize: 32, saltSize: 4, authSizes: [16], aadSizes: [0, 8, 12] },
];

function byNodeCrypto(key: Buffer, nonce: Buffer, aad: Buffer, data: Buffer, authTagLength: number, aes: boolean) {
  const name = (aes ? `aes-${key.length * 8}-gcm` : 'chacha20-poly1305') as CipherGCMTypes;
  const cipher = createCipheriv(name, key, nonce, { authTagLength });
  cipher.setAAD(aad, { plaintextLength: data.length });
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

describe('AEAD against node:crypto', () => {
  it.each(cases)('$name, $keySize bytes', async ({ name, keySize, saltSize, authSizes, aadSizes }) => {
    const random = new Random();
    await using padata = new Padata('conformance');
    const shell = padata.createShell();
    for (const authSize of authSizes) {
      const key = randomBytes(keySize + saltSize);
      using cipher = aead(name, key, { authSize });
      const bare = key.subarray(0, keySize);
      for (let i = 0; i < 40; i++) {
        const iv = randomBytes(cipher.ivSize);
        const aad = randomBytes(aadSizes[random.below(aadSizes.length)] as number);
        const data = randomBytes(random.below(i === 0 ? 1 : 2000));
        const nonce = Buffer.concat([key.subarray(keySize), iv]);
        const expected = byNodeCrypto(bare, nonce, aad, data, authSize, name.includes('aes'));
        const sealed = await shell.run(cipher.encrypt, { iv, aad, data });
        expect(Buffer.from(sealed).equals(expected), `seed ${random.seed}`).toBe(true);
        const opened = await shell.run(cipher.decrypt, { iv, aad, data: expected });
        expect(Buffer.from(opened).equals(data), `seed ${random.seed}`).toBe(true);
      }
    }
  });
});
