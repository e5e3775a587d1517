import { webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { key } from '../lib/packets.mjs';
import { promiseLane } from './pool.mjs';

/** Node's own thread pool, through the calls of node:zlib and node:crypto that use it. @type {import('../lib/types.mjs').OpenBackend} */
export async function open() {
  const secret = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const deflate = promisify(
    /** @type {(input: any, done: (error: Error | null, result: Buffer) => void) => void} */ (deflateRaw),
  );
  /** @param {import('../lib/types.mjs').Packet} packet */
  const encrypt = async ({ iv, data }) =>
    new Uint8Array(await webcrypto.subtle.encrypt({ name: 'AES-GCM', iv }, secret, data));
  return {
    ordered: false,
    deflateLane: (input, done) => promiseLane(deflate, input, done),
    packetLane: (next, done) => promiseLane(() => encrypt(next()), undefined, done),
  };
}
