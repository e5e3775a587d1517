import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { imixCapture } from '../../dist/cli/imix.js';
import { records } from '../support/capture.js';

/** The one's complement sum over an IPv4 header, which is 0xffff where the checksum is right (RFC 1071). */
function headerSum(packet: Buffer): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += packet.readUInt16BE(i);
  return (sum & 0xffff) + (sum >>> 16);
}

describe('the IMIX capture', () => {
  it('is 7 : 4 : 1 of 40, 576 and 1500 bytes', async () => {
    const packets = records(Buffer.concat(await imixCapture(12_000, 1)));
    expect(packets).toHaveLength(12_000);
    const share = (size: number) => packets.filter(({ bytes }) => bytes.length === size).length / 1000;
    expect(share(40)).toBeCloseTo(7, 0);
    expect(share(576)).toBeCloseTo(4, 0);
    expect(share(1500)).toBeCloseTo(1, 0);
    expect(share(40) + share(576) + share(1500)).toBeCloseTo(12, 9);
  });

  it('has valid headers, no two packets alike, and time that goes on', async () => {
    const packets = records(Buffer.concat(await imixCapture(5000, 2)));
    const seen = new Set<string>();
    let before = -1;
    for (const { bytes, original, seconds, fraction } of packets) {
      expect(bytes[0]).toBe(0x45);
      expect(bytes.readUInt16BE(2)).toBe(bytes.length);
      expect(bytes.readUInt16BE(24)).toBe(bytes.length - 20);
      expect(original).toBe(bytes.length);
      expect(headerSum(bytes)).toBe(0xffff);
      expect(seconds + fraction / 1e6).toBeGreaterThan(before);
      before = seconds + fraction / 1e6;
      seen.add(bytes.toString('latin1'));
    }
    expect(seen.size).toBe(packets.length);
  });

  it('is the same for the same seed, and another for another', async () => {
    const hash = async (seed: number) =>
      createHash('sha256')
        .update(Buffer.concat(await imixCapture(1000, seed)))
        .digest('hex');
    expect(await hash(3)).toBe(await hash(3));
    expect(await hash(3)).not.toBe(await hash(4));
  });
});
