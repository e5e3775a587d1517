/**
 * What the jobs do: the same functions for every pool, for module functions of padata, and for the plain loop.
 */
import { createCipheriv, createSecretKey } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { key } from '../../lib/packets.mjs';
import { mix } from './thread-function.mjs';

const secret = createSecretKey(key);

/** Does nothing. */
export function noop() {}

/** @param {Uint8Array} bytes */
export function echo(bytes) {
  return bytes;
}

/** Keeps the CPU busy for that many nanoseconds of real time, as `spin` of padata/functions does. @param {number} nanoseconds */
export function spin(nanoseconds) {
  const end = performance.now() + nanoseconds / 1e6;
  while (performance.now() < end);
}

/**
 * A calculation whose length the input tells: its first four bytes are the number of rounds. The result has the size of the input.
 *
 * @param {Uint8Array} bytes
 */
export function churn(bytes) {
  const rounds = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
  let hash = 0x811c9dc5 | 0; // 32 bits from the first: whether an engine finds that out by itself depends on how it came here
  for (let i = 0; i < rounds; i++) hash = Math.imul(hash ^ bytes[4 + (i & 63)], 0x01000193);
  bytes[bytes.length - 1] = hash;
  return bytes;
}

/** mix() as a job. @param {{ start: number, end: number, shared: SharedArrayBuffer }} part */
export function mixPart({ start, end, shared }) {
  mix(start, end, { shared });
}

/** @param {Uint8Array} bytes */
export function deflate(bytes) {
  return deflateRawSync(bytes);
}

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
