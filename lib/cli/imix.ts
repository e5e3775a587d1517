import { Writable } from 'node:stream';
import { Frame } from '../pcap/format.js';
import { PcapWriter } from '../pcap/writer.js';

/** The simple IMIX: of 12 packets, 7 have 40 bytes, 4 have 576 and one has 1500, all of them IPv4. */
const sizes = [40, 40, 40, 40, 40, 40, 40, 576, 576, 576, 576, 1500];

/** Packets a second that the timestamps pretend. */
const PRETENDED_RATE = 100_000;

/** A generator of 32-bit numbers (xorshift32, Marsaglia 2003): the same seed gives the same capture everywhere. */
function generator(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/**
 * Makes a capture of an Internet mix: raw IP, UDP in IPv4 with payloads of noise.
 *
 * @param packets how many
 * @param seed    any number; the same one gives the same bytes
 * @returns the capture, in pieces
 */
export async function imixCapture(packets: number, seed: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  const memory = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  const writer = new PcapWriter(memory, { littleEndian: true, nanoseconds: false, linkType: 101 });
  const random = generator(seed);
  for (let i = 0; i < packets; i++) {
    const microseconds = (i * 1_000_000) / PRETENDED_RATE;
    const stamp = new Frame(Buffer.alloc(0), 0, 0, Math.floor(microseconds / 1_000_000), microseconds % 1_000_000, 0);
    writer.write(stamp, 0, packet(sizes[random() % sizes.length], i, random));
    if (writer.full) await writer.ready();
  }
  await writer.flush();
  return pieces;
}

/** One packet: 10.x.x.x to 10.x.x.x, discard port to discard port. */
function packet(length: number, index: number, random: () => number): Buffer {
  const words = new Uint32Array(length / 4);
  for (let i = 3; i < words.length; i++) words[i] = random();
  const bytes = Buffer.from(words.buffer);
  bytes.set([0x45, 0, length >> 8, length & 255, (index >> 8) & 255, index & 255, 0x40, 0, 64, 17, 0, 0]);
  bytes[12] = bytes[16] = 10;
  bytes.writeUInt16BE(checksum(bytes), 10);
  bytes.writeUInt16BE(9, 20);
  bytes.writeUInt16BE(9, 22);
  bytes.writeUInt16BE(length - 20, 24);
  bytes.writeUInt16BE(0, 26); // no UDP checksum, as IPv4 allows
  return bytes;
}

/** The checksum of an IPv4 header without options (RFC 1071). */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += bytes.readUInt16BE(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~(sum + (sum >>> 16)) & 0xffff;
}
