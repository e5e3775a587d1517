import { describe, expect, it } from 'vitest';
import { Frame, PcapError } from '../../dist/pcap/format.js';
import { packetLength } from '../../dist/pcap/ip.js';
import { linkLayer } from '../../dist/pcap/link.js';
import { ethernet, ipv4, ipv6 } from '../support/capture.js';

/** A frame with foreign bytes around it: nothing beyond its ends may be looked at. */
function frame(bytes: Buffer): Frame {
  const chunk = Buffer.concat([Buffer.alloc(8, 0x45), bytes, Buffer.alloc(64, 0x45)]);
  return new Frame(chunk, 8, 8 + bytes.length, 1, 2, bytes.length);
}

function cooked(length: number, typeOffset: number, type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(length);
  header.writeUInt16BE(type, typeOffset);
  return Buffer.concat([header, payload]);
}

function family(value: number, payload: Buffer, little = true): Buffer {
  const header = Buffer.alloc(4);
  if (little) header.writeUInt32LE(value);
  else header.writeUInt32BE(value);
  return Buffer.concat([header, payload]);
}

const v4 = ipv4(60);
const v6 = ipv6(80);

/** Frames with IP in them: link type, byte order of the file, frame, bytes in front of the packet. */
const carriers: [string, number, boolean, Buffer, number][] = [
  ['Ethernet, IPv4', 1, true, ethernet(v4, 0x0800), 14],
  ['Ethernet, IPv6', 1, true, ethernet(v6, 0x86dd), 14],
  ['Ethernet, 802.1Q', 1, true, ethernet(v4, 0x0800, [0x8100]), 18],
  ['Ethernet, 802.1ad and 802.1Q', 1, true, ethernet(v6, 0x86dd, [0x88a8, 0x8100]), 22],
  ['Ethernet, 0x9100 and 802.1Q', 1, true, ethernet(v4, 0x0800, [0x9100, 0x8100]), 22],
  ['raw 12, IPv4', 12, true, v4, 0],
  ['raw 14, IPv6', 14, true, v6, 0],
  ['raw 101, IPv4', 101, false, v4, 0],
  ['raw 101, IPv6', 101, true, v6, 0],
  ['cooked v1, IPv4', 113, true, cooked(16, 14, 0x0800, v4), 16],
  ['cooked v1, IPv6', 113, false, cooked(16, 14, 0x86dd, v6), 16],
  ['cooked v2, IPv4', 276, false, cooked(20, 0, 0x0800, v4), 20],
  ['cooked v2, IPv6', 276, true, cooked(20, 0, 0x86dd, v6), 20],
  ['null, IPv4', 0, true, family(2, v4), 4],
  ['null, IPv4, big endian', 0, false, family(2, v4, false), 4],
  ...[24, 28, 30, 10].map((af): [string, number, boolean, Buffer, number] => [
    `null, IPv6 as ${af}`,
    0,
    true,
    family(af, v6),
    4,
  ]),
];

describe.each(carriers)('%s', (_name, linkType, littleEndian, bytes, offset) => {
  const link = linkLayer(linkType, littleEndian);

  it('is found', () => {
    expect(link.packetOffset(frame(bytes))).toBe(offset);
  });

  it('is whole or truncated, never more than its frame', () => {
    expect(packetLength(frame(bytes), offset)).toBe(bytes.length - offset);
    expect(packetLength(frame(bytes.subarray(0, -1)), offset)).toBe('truncated');
    expect(packetLength(frame(Buffer.concat([bytes, Buffer.alloc(6)])), offset)).toBe(bytes.length - offset);
  });

  it('is not found in a frame that ends before it', () => {
    for (let length = 0; length <= offset; length++) {
      expect(link.packetOffset(frame(bytes.subarray(0, length)))).toBe(-1);
    }
  });

  it.each([4, 6] as const)('can be told to carry IPv%i', (version) => {
    const original = Buffer.from(bytes);
    const header = link.relabel(frame(bytes), offset, version);
    const packet = version === 4 ? v4 : v6;
    const relabelled = Buffer.concat([header.bytes.subarray(0, offset), packet]);
    expect(link.packetOffset(frame(relabelled))).toBe(offset);
    expect(header).toMatchObject({ seconds: 1, fraction: 2 });
    expect(bytes.equals(original)).toBe(true);
  });
});

describe('a frame without an IP packet', () => {
  it.each([
    ['ARP', 1, ethernet(Buffer.alloc(28), 0x0806)],
    ['an 802.3 length', 1, ethernet(v4, 60)],
    ['three VLAN tags', 1, ethernet(v4, 0x0800, [0x88a8, 0x88a8, 0x8100])],
    ['IPv4 announced, IPv6 within', 1, ethernet(v6, 0x0800)],
    ['IPv6 announced, IPv4 within', 113, cooked(16, 14, 0x86dd, v4)],
    ['version 5', 101, Buffer.alloc(40, 0x55)],
    ['cooked ARP', 276, cooked(20, 0, 0x0806, v4)],
    ['null of another family', 0, family(7, v4)],
    ['null in the wrong byte order', 0, family(2, v4, false)],
  ])('is told: %s', (_name, linkType, bytes) => {
    expect(linkLayer(linkType, true).packetOffset(frame(bytes))).toBe(-1);
  });
});

describe('the length of a packet', () => {
  it.each([
    ['IPv4 without a length', (p: Buffer) => p.writeUInt16BE(0, 2), v4],
    ['IPv4 with a total length below its header', (p: Buffer) => p.writeUInt16BE(19, 2), v4],
    ['IPv4 with a header of 16 bytes', (p: Buffer) => p.writeUInt8(0x44, 0), v4],
    ['IPv6 without a length', (p: Buffer) => p.writeUInt16BE(0, 4), v6],
  ])('is malformed: %s', (_name, spoil, packet) => {
    const bytes = Buffer.from(packet);
    spoil(bytes);
    expect(packetLength(frame(bytes), 0)).toBe('malformed');
  });

  it('may be that of an IPv6 header alone, if it says that nothing follows', () => {
    const bytes = Buffer.from(v6.subarray(0, 40));
    bytes.writeUInt16BE(0, 4);
    bytes[6] = 59;
    expect(packetLength(frame(bytes), 0)).toBe(40);
  });
});

describe('a link type that is not known', () => {
  it.each([105, 127, 228, 65535])('%i is refused with its offset', (linkType) => {
    expect(() => linkLayer(linkType, true)).toThrow(PcapError);
    expect(() => linkLayer(linkType, true)).toThrow(new RegExp(`at byte offset 20: link type ${linkType} is not read`));
  });
});
