import { createCipheriv } from 'node:crypto';

/** Sizes of packets, by metric. IMIX: of 12 packets 7 have 40 bytes, 4 have 576 and one has 1500; the wire pads what is shorter than 64. */
export const packetSizes = {
  p64: [64],
  p512: [512],
  p1420: [1420],
  p9000: [9000],
  imix: [64, 64, 576, 64, 64, 576, 64, 576, 64, 1500, 64, 576],
};

const tagSize = 16;

/** The key that all contenders use. */
export const key = new Uint8Array(32).fill(0x42);

/**
 * An endless run of packets through `count` distinct buffers, each with a fresh IV. Do not keep more than `count` in flight.
 *
 * @param {number} count
 * @param {number[]} sizes in bytes, in turn
 * @param {Pick<import('./types.mjs').Backend, 'allocate' | 'allocateResult'>} [backend] makes the buffers
 * @returns {() => import('./types.mjs').Packet}
 */
export function packetSource(count, sizes, { allocate = (size) => new Uint8Array(size), allocateResult } = {}) {
  const packets = Array.from({ length: count }, (_, i) => {
    const size = sizes[i % sizes.length];
    const iv = new Uint8Array(12);
    const packet = { iv, data: allocate(size).fill(i), counter: new Uint32Array(iv.buffer, 4, 1) };
    return allocateResult === undefined ? packet : { ...packet, dst: allocateResult(size + tagSize) };
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
