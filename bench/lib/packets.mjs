import { createCipheriv } from 'node:crypto';

/** The packet size of the scenarios: what an Ethernet frame carries of an ESP packet. */
export const packetSize = 1420;

/** The key that all contenders use. */
export const key = new Uint8Array(32).fill(0x42);

/**
 * An endless run of packets through `count` distinct buffers, each with a fresh IV. Do not keep more than `count` in flight.
 *
 * @param {number} count
 * @returns {() => import('./types.mjs').Packet}
 */
export function packetSource(count) {
  const packets = Array.from({ length: count }, (_, i) => {
    const iv = new Uint8Array(12);
    return { iv, data: new Uint8Array(packetSize).fill(i), counter: new Uint32Array(iv.buffer, 4, 1) };
  });
  let seqNr = 0;
  return () => {
    const packet = packets[seqNr % count];
    packet.counter[0] = seqNr++;
    return packet;
  };
}

/**
 * Ciphertext and tag of a packet, by node:crypto.
 *
 * @param {import('./types.mjs').Packet} packet
 */
export function expectedResult({ iv, data }) {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}
