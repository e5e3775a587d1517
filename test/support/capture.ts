/** Builds captures for tests, byte by byte and without the code under test. */

export interface CaptureOptions {
  littleEndian?: boolean;
  nanoseconds?: boolean;
  linkType?: number;
  magic?: number;
  version?: [number, number];
}

export interface Entry {
  bytes: Uint8Array;
  seconds?: number;
  fraction?: number;
  captured?: number;
  original?: number;
}

/** A file header. */
export function fileHeader(options: CaptureOptions = {}): Buffer {
  const little = options.littleEndian ?? true;
  const bytes = Buffer.alloc(24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 24);
  view.setUint32(0, options.magic ?? (options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4), little);
  view.setUint16(4, options.version?.[0] ?? 2, little);
  view.setUint16(6, options.version?.[1] ?? 4, little);
  view.setUint32(16, 65535, little);
  view.setUint32(20, options.linkType ?? 101, little);
  return bytes;
}

/** A record header and its bytes. */
export function record(entry: Entry, littleEndian = true): Buffer {
  const header = Buffer.alloc(16);
  const view = new DataView(header.buffer, header.byteOffset, 16);
  view.setUint32(0, entry.seconds ?? 1, littleEndian);
  view.setUint32(4, entry.fraction ?? 2, littleEndian);
  view.setUint32(8, entry.captured ?? entry.bytes.length, littleEndian);
  view.setUint32(12, entry.original ?? entry.captured ?? entry.bytes.length, littleEndian);
  return Buffer.concat([header, entry.bytes]);
}

/** A whole capture. */
export function capture(entries: Entry[], options: CaptureOptions = {}): Buffer {
  const little = options.littleEndian ?? true;
  return Buffer.concat([fileHeader(options), ...entries.map((entry) => record(entry, little))]);
}

/** A record as it is in a file. */
export interface Packet {
  bytes: Buffer;
  seconds: number;
  fraction: number;
  original: number;
}

/** The records of a capture: the plainest reader there can be, for whole and healthy files. */
export function records(file: Buffer): Packet[] {
  const little = file[0] !== 0xa1;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const all: Packet[] = [];
  let at = 24;
  while (at < file.length) {
    const end = at + 16 + view.getUint32(at + 8, little);
    all.push({
      seconds: view.getUint32(at, little),
      fraction: view.getUint32(at + 4, little),
      original: view.getUint32(at + 12, little),
      bytes: file.subarray(at + 16, end),
    });
    at = end;
  }
  return all;
}

/** The Internet checksum (RFC 1071) of an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An IPv4 packet with UDP in it; `seed` tells packets apart. */
export function ipv4(length: number, seed = 0): Buffer {
  const packet = Buffer.alloc(length, seed & 255);
  packet.set([0x45, 0, length >> 8, length & 255, seed >> 8, seed & 255, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
  packet.writeUInt16BE(checksum(packet.subarray(0, 20)), 10);
  if (length >= 28) {
    packet.writeUInt32BE(0x04d2162e, 20);
    packet.writeUInt16BE(length - 20, 24);
    packet.writeUInt16BE(0, 26);
  }
  return packet;
}

/** An IPv6 packet with UDP in it (its checksum is not right: nothing here looks at it). */
export function ipv6(length: number, seed = 0): Buffer {
  const packet = Buffer.alloc(length, seed & 255);
  packet.fill(0, 0, 40);
  packet.set([0x60, 0, 0, seed & 255, (length - 40) >> 8, (length - 40) & 255, 17, 64]);
  packet.set([0xfd, 0], 8);
  packet[23] = 1;
  packet.set([0xfd, 0], 24);
  packet[39] = 2;
  if (length >= 48) {
    packet.writeUInt32BE(0x04d2162e, 40);
    packet.writeUInt16BE(length - 40, 44);
  }
  return packet;
}

/** An Ethernet frame around a payload, with VLAN tags if wished. */
export function ethernet(payload: Uint8Array, etherType: number, vlans: number[] = []): Buffer {
  const tags = vlans.flatMap((tpid, index) => [tpid >> 8, tpid & 255, 0, index + 1]);
  const header = Buffer.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, ...tags, etherType >> 8, etherType & 255]);
  return Buffer.concat([header, payload]);
}
