/**
 * The classic capture format of libpcap (man page pcap-savefile(5)): a file header of 24 bytes, then for each packet a record
 * header of 16 bytes and its bytes. All integers are in the byte order of the machine that wrote the file; the magic
 * number tells which, and whether the fractions of the timestamps are micro- or nanoseconds.
 */

/** Size of the file header, in bytes. */
export const FILE_HEADER_SIZE = 24;

/** Size of a record header, in bytes. */
export const RECORD_HEADER_SIZE = 16;

/** The longest record, in bytes: MAXIMUM_SNAPLEN of libpcap. A length beyond it means that the file is damaged. */
export const MAX_CAPTURED = 262144;

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

/** What the file header says. */
export interface PcapHeader {
  /** The byte order of the file. */
  littleEndian: boolean;
  /** Whether the fractions of timestamps are nanoseconds; otherwise they are microseconds. */
  nanoseconds: boolean;
  /** The type of the link layer, a LINKTYPE_ number. */
  linkType: number;
}

/** A file that is not what it should be. `offset` is the byte of the file at which that was seen. */
export class PcapError extends Error {
  readonly offset: number;

  constructor(offset: number, detail: string) {
    super(`at byte offset ${offset}: ${detail}`);
    this.name = 'PcapError';
    this.offset = offset;
  }
}

/** Formats that are often taken for classic pcap, by the first four bytes, and what to do about them. */
const relatives = new Map<number, string>([
  [0x0a0d0d0a, 'this is a pcapng file, which is not read here; convert it first: editcap -F pcap IN OUT'],
  [0xa1b2cd34, 'this is a pcap file of the modified (Kuznetzov) kind; convert it first: editcap -F pcap IN OUT'],
  [0x34cdb2a1, 'this is a pcap file of the modified (Kuznetzov) kind; convert it first: editcap -F pcap IN OUT'],
  [0x28b52ffd, 'this is a zstd file; unpack it first: zstd -dc IN | padata esp … - OUT'],
]);

/** The error for a first word that is no magic number of ours. */
function wrongMagic(word: number): PcapError {
  if (word >>> 16 === 0x1f8b) {
    return new PcapError(0, 'this is a gzip file; unpack it first: gzip -dc IN | padata esp … - OUT');
  }
  const hint = relatives.get(word) ?? `not a pcap file: it begins with 0x${word.toString(16).padStart(8, '0')}`;
  return new PcapError(0, hint);
}

/** Byte order and unit of the timestamps, from the magic number. */
function parseMagic(bytes: Buffer): { littleEndian: boolean; nanoseconds: boolean } {
  for (const littleEndian of [true, false]) {
    const word = littleEndian ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
    if (word === MAGIC_MICROSECONDS) return { littleEndian, nanoseconds: false };
    if (word === MAGIC_NANOSECONDS) return { littleEndian, nanoseconds: true };
  }
  throw wrongMagic(bytes.readUInt32BE(0));
}

/**
 * Reads a file header.
 *
 * @param bytes the first bytes of the file: all 24, or fewer if the file ends before
 */
export function parseFileHeader(bytes: Buffer): PcapHeader {
  if (bytes.length < 4) throw new PcapError(0, `the file ends after ${bytes.length} bytes, within the magic number`);
  const { littleEndian, nanoseconds } = parseMagic(bytes);
  if (bytes.length < FILE_HEADER_SIZE) {
    throw new PcapError(bytes.length, `the file ends within its header of ${FILE_HEADER_SIZE} bytes`);
  }
  const major = littleEndian ? bytes.readUInt16LE(4) : bytes.readUInt16BE(4);
  const minor = littleEndian ? bytes.readUInt16LE(6) : bytes.readUInt16BE(6);
  if (major !== 2 || minor !== 4)
    throw new PcapError(4, `version ${major}.${minor} of the format is not known, only 2.4 is`);
  // The upper half may carry the length of the frame check sequence; the lower is the type.
  const linkType = (littleEndian ? bytes.readUInt32LE(20) : bytes.readUInt32BE(20)) & 0xffff;
  return { littleEndian, nanoseconds, linkType };
}

/** The file header for a capture that we write. */
export function encodeFileHeader(header: PcapHeader): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_SIZE);
  const put = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  put.setUint32(0, header.nanoseconds ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS, header.littleEndian);
  put.setUint16(4, 2, header.littleEndian);
  put.setUint16(6, 4, header.littleEndian);
  put.setUint32(16, MAX_CAPTURED, header.littleEndian);
  put.setUint32(20, header.linkType, header.littleEndian);
  return bytes;
}

/**
 * One captured frame: a place in a chunk of the file, not a copy. The chunk is never written to, and lives as long as any
 * frame of it.
 */
export class Frame {
  /**
   * @param chunk          bytes of the file
   * @param start          where the frame begins in the chunk
   * @param end            where it ends
   * @param seconds        timestamp: whole seconds since 1970, unsigned
   * @param fraction       timestamp: micro- or nanoseconds, as the file header says
   * @param originalLength bytes that the frame had on the wire, more than end - start where the capture cut it
   */
  constructor(
    readonly chunk: Buffer,
    readonly start: number,
    readonly end: number,
    readonly seconds: number,
    readonly fraction: number,
    readonly originalLength: number,
  ) {}

  /** The bytes of the frame: a view, no copy. */
  get bytes(): Buffer {
    return this.chunk.subarray(this.start, this.end);
  }
}
