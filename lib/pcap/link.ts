/**
 * Link layers: where in a frame its IP packet begins, and how the header in front of it names the packet's version.
 * Numbers and layouts are those of the LINKTYPE_ registry of tcpdump.org.
 */
import { Frame, PcapError } from './format.js';

/** The version of an IP packet. */
export type IpVersion = 4 | 6;

/** A link layer whose frames carry IP packets. */
export interface LinkLayer {
  /** Its name, for people. */
  readonly name: string;

  /** How many bytes of the frame are in front of its IP packet; -1 if the frame carries something else. */
  packetOffset(frame: Frame): number;

  /**
   * The frame's link header made to announce a packet of the other version, as a frame of its own: what a tunnel between
   * IPv4 and IPv6 needs.
   */
  relabel(frame: Frame, packetOffset: number, version: IpVersion): Frame;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

/** Ethertypes of VLAN tags: 802.1Q, 802.1ad, and what was in use before 802.1ad. */
const vlanTags = new Set([0x8100, 0x88a8, 0x9100]);

/** How many VLAN tags are looked through. */
const MAX_VLAN_TAGS = 2;

const AF_INET = 2;
/** AF_INET6 of NetBSD and OpenBSD, FreeBSD, macOS, and Linux. The first is what we write: every reader knows it. */
const AF_INET6 = [24, 28, 30, 10];

/** The link layer of a capture. Throws PcapError for one that is not known here. */
export function linkLayer(linkType: number, littleEndian: boolean): LinkLayer {
  switch (linkType) {
    case 0:
      return nullLink(littleEndian);
    case 1:
      return ethernet;
    case 12:
    case 14:
    case 101:
      return raw;
    case 113:
      return cooked('Linux cooked v1', 16, 14);
    case 276:
      return cooked('Linux cooked v2', 20, 0);
    default:
      throw new PcapError(
        20,
        `link type ${linkType} is not read here; known are 0 (null), 1 (Ethernet), 12, 14 and 101 (raw IP), ` +
          '113 and 276 (Linux cooked)',
      );
  }
}

/** An Ethertype as a version of IP; undefined for others. */
function versionOf(etherType: number): IpVersion | undefined {
  if (etherType === ETHERTYPE_IPV4) return 4;
  return etherType === ETHERTYPE_IPV6 ? 6 : undefined;
}

/** `offset` if a packet of that version begins there, else -1: a header may lie, or be all that was captured. */
function checked(frame: Frame, offset: number, version: IpVersion | undefined): number {
  const at = frame.start + offset;
  return at < frame.end && frame.chunk[at] >> 4 === version ? offset : -1;
}

/** A 16-bit number of the frame in network order; NaN beyond its end. */
function short(frame: Frame, offset: number): number {
  const at = frame.start + offset;
  return at + 2 <= frame.end ? frame.chunk.readUInt16BE(at) : NaN;
}

/** A frame that holds the link header alone, for `put` to change. */
function header(frame: Frame, length: number, put: (bytes: Buffer) => void): Frame {
  const bytes = Buffer.from(frame.chunk.subarray(frame.start, frame.start + length));
  put(bytes);
  return new Frame(bytes, 0, length, frame.seconds, frame.fraction, frame.originalLength);
}

const ethernet: LinkLayer = {
  name: 'Ethernet',
  packetOffset(frame) {
    let offset = 12;
    let type = short(frame, offset);
    for (let tags = 0; tags < MAX_VLAN_TAGS && vlanTags.has(type); tags++) {
      offset += 4;
      type = short(frame, offset);
    }
    return checked(frame, offset + 2, versionOf(type));
  },
  relabel(frame, packetOffset, version) {
    const type = version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    return header(frame, packetOffset, (bytes) => bytes.writeUInt16BE(type, packetOffset - 2));
  },
};

const raw: LinkLayer = {
  name: 'raw IP',
  packetOffset(frame) {
    return checked(frame, 0, frame.start < frame.end && frame.chunk[frame.start] >> 4 === 6 ? 6 : 4);
  },
  relabel(frame) {
    return frame;
  },
};

/** Linux "cooked" captures, of the device `any`: a header with the Ethertype in it. */
function cooked(name: string, length: number, typeOffset: number): LinkLayer {
  return {
    name,
    packetOffset(frame) {
      return checked(frame, length, versionOf(short(frame, typeOffset)));
    },
    relabel(frame, packetOffset, version) {
      const type = version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
      return header(frame, packetOffset, (bytes) => bytes.writeUInt16BE(type, typeOffset));
    },
  };
}

/** BSD loopback: an address family in the byte order of the machine that captured, which is that of the file. */
function nullLink(littleEndian: boolean): LinkLayer {
  return {
    name: 'null/loopback',
    packetOffset(frame) {
      if (frame.end - frame.start < 4) return -1;
      const family = littleEndian ? frame.chunk.readUInt32LE(frame.start) : frame.chunk.readUInt32BE(frame.start);
      const version = family === AF_INET ? 4 : AF_INET6.includes(family) ? 6 : undefined;
      return checked(frame, 4, version);
    },
    relabel(frame, packetOffset, version) {
      const family = version === 4 ? AF_INET : AF_INET6[0];
      return header(frame, packetOffset, (bytes) => {
        if (littleEndian) bytes.writeUInt32LE(family, 0);
        else bytes.writeUInt32BE(family, 0);
      });
    },
  };
}
