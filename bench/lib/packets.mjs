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
    const data = allocate(size).fill(i);
    // No spreading here: it would give every packet a hidden class of its own, which slows down whoever reads them.
    return allocateResult ? { iv, data, dst: allocateResult(size + tagSize) } : { iv, data };
  });
  let at = 0;
  let seqNr = 0; // modulo 2^32: a larger number would be an object, a new one each time
  return () => {
    const packet = packets[at];
    at = at + 1 === count ? 0 : at + 1;
    const { iv } = packet;
    iv[11] = seqNr;
    iv[10] = seqNr >> 8;
    iv[9] = seqNr >> 16;
    iv[8] = seqNr >> 24;
    seqNr = (seqNr + 1) | 0;
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
