/** What the workers of piscina and tinypool run. */
import { createCipheriv, createSecretKey } from 'node:crypto';
import { workerData } from 'node:worker_threads';

// tinypool, which encrypts nothing here, hands over data of its own instead.
const key = workerData?.key;
const secret = key && createSecretKey(key);

/** A job that does nothing. */
export default function noop() {}

/**
 * Encrypts one packet.
 *
 * @param {import('../../lib/types.mjs').Packet} packet
 * @returns {Uint8Array} ciphertext and tag
 */
export function encrypt({ iv, data }) {
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  const result = new Uint8Array(data.length + 16);
  result.set(cipher.update(data));
  cipher.final();
  result.set(cipher.getAuthTag(), data.length);
  return result;
}
