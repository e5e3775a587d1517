import type { Frame } from './format.js';

/** Why a frame has no whole IP packet to offer. */
export type PacketFault = 'truncated' | 'malformed';

/** Protocol number "no next header" (RFC 8200 section 4.7): the one IPv6 packet that may be without payload. */
const NO_NEXT_HEADER = 59;

/**
 * The length of the IP packet that begins `offset` bytes into the frame, from its own header; Ethernet may have padded the
 * frame beyond it.
 *
 * @returns bytes; or 'truncated' if the capture cut it short, 'malformed' if the header cannot be right. That includes
 *   packets without a length, as a capture on the sending machine sees them before the network card splits them.
 */
export function packetLength(frame: Frame, offset: number): number | PacketFault {
  const at = frame.start + offset;
  const available = frame.end - at;
  const version = frame.chunk[at] >> 4;
  if (available < (version === 4 ? 20 : 40)) return 'truncated';
  const length = version === 4 ? ipv4Length(frame.chunk, at) : ipv6Length(frame.chunk, at);
  if (length === 0) return 'malformed';
  return length > available ? 'truncated' : length;
}

/** The total length of an IPv4 packet (RFC 791 section 3.1), 0 if the header is no header. */
function ipv4Length(bytes: Buffer, at: number): number {
  const headerLength = (bytes[at] & 15) * 4;
  const total = bytes.readUInt16BE(at + 2);
  return headerLength < 20 || total < headerLength ? 0 : total;
}

/** The length of an IPv6 packet (RFC 8200 section 3), 0 for one without a payload length. */
function ipv6Length(bytes: Buffer, at: number): number {
  const payload = bytes.readUInt16BE(at + 4);
  return payload === 0 && bytes[at + 6] !== NO_NEXT_HEADER ? 0 : 40 + payload;
}
