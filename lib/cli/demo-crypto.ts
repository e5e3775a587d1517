import { createCipheriv } from 'node:crypto';

/** Sizes in an ESP packet of a tunnel over IPv4 with AES-GCM (RFC 4303 section 2, RFC 4106). */
const OUTER_HEADER = 20;
const ESP_HEADER = 8;
const IV = 8;
const TAG = 16;

/** What `node:crypto` is given for one packet. */
interface SealInput {
  nonce: Uint8Array;
  aad: Uint8Array;
  plaintext: Uint8Array;
}

/**
 * The work that went into an ESP packet, taken apart for another AES-GCM to do it again: nonce and associated data from the
 * packet, the plaintext from the packet inside, with padding and trailer behind it.
 */
function inputOf(packet: Uint8Array, sealed: Uint8Array, salt: Uint8Array): SealInput {
  const ivAt = OUTER_HEADER + ESP_HEADER;
  const plaintext = new Uint8Array(sealed.length - ivAt - IV - TAG);
  const padding = plaintext.length - packet.length - 2;
  plaintext.set(packet);
  for (let i = 0; i < padding; i++) plaintext[packet.length + i] = i + 1;
  plaintext.set([padding, packet[0] >> 4 === 4 ? 4 : 41], packet.length + padding);
  const nonce = Buffer.concat([salt, sealed.subarray(ivAt, ivAt + IV)]);
  return { nonce, aad: sealed.subarray(OUTER_HEADER, ivAt), plaintext };
}

/** What `node:crypto` came to. */
export interface Comparison {
  /** Time for the encryption alone. */
  seconds: number;
  /** Packets whose ciphertext and tag are the same, byte for byte. */
  equal: number;
}

/**
 * Encrypts the same packets with `node:crypto` on the main thread, with the same nonces, and compares the ciphertexts.
 * Only the calls of `node:crypto` are timed.
 *
 * @param key 32 bytes of key and 4 of salt
 */
export function compareWithNodeCrypto(packets: Uint8Array[], sealed: Uint8Array[], key: Uint8Array): Comparison {
  const salt = key.subarray(32);
  const inputs = packets.map((packet, i) => inputOf(packet, sealed[i], salt));
  const secret = key.subarray(0, 32);
  const began = performance.now();
  const outputs = inputs.map(({ nonce, aad, plaintext }) => {
    const cipher = createCipheriv('aes-256-gcm', secret, nonce);
    cipher.setAAD(aad);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    return { ciphertext, tag: cipher.getAuthTag() };
  });
  const seconds = (performance.now() - began) / 1000;
  const equal = outputs.filter(({ ciphertext, tag }, i) => {
    const payload = sealed[i].subarray(OUTER_HEADER + ESP_HEADER + IV);
    return ciphertext.equals(payload.subarray(0, -TAG)) && tag.equals(payload.subarray(-TAG));
  }).length;
  return { seconds, equal };
}
