import { createCipheriv, createSecretKey } from 'node:crypto';
import { key } from '../lib/packets.mjs';

/** node:crypto on the main thread: no queue, no copy of text and tag into one buffer. @type {import('../lib/types.mjs').OpenBackend} */
export async function open() {
  const secret = createSecretKey(key);
  return {
    ordered: true,
    encryptNow({ iv, data }) {
      const cipher = createCipheriv('aes-256-gcm', secret, iv);
      const text = cipher.update(data);
      cipher.final();
      return { text, tag: cipher.getAuthTag() };
    },
  };
}
