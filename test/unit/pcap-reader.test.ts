import { describe, expect, it } from 'vitest';
import type { Frame } from '../../dist/pcap/format.js';
import { PcapError } from '../../dist/pcap/format.js';
import { PcapReader } from '../../dist/pcap/reader.js';
import { capture, fileHeader, ipv4, record } from '../support/capture.js';

/** The file in pieces of so many bytes, as a source. */
function* pieces(file: Buffer, size = file.length): Generator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield Buffer.from(file.subarray(at, at + size));
}

/** All frames, copied, and the error that ended the reading, if one did. */
async function readAll(source: Iterable<Buffer> | AsyncIterable<Buffer>) {
  const frames: { bytes: Buffer; seconds: number; fraction: number; originalLength: number }[] = [];
  try {
    const reader = await PcapReader.open(source);
    for await (const batch of reader) {
      expect(batch.length).toBeGreaterThan(0);
      for (const { seconds, fraction, originalLength, bytes } of batch as Frame[]) {
        frames.push({ seconds, fraction, originalLength, bytes: Buffer.from(bytes) });
      }
    }
    return { frames, header: reader.header, offset: reader.offset, count: reader.frames, error: undefined };
  } catch (error) {
    return { frames, error };
  }
}

const packets = [ipv4(28), ipv4(1500, 1), Buffer.alloc(0), ipv4(40, 2), ipv4(576, 3)];
const entries = packets.map((bytes, i) => ({
  bytes,
  seconds: 0xf0000000 + i,
  fraction: 999_999_990 + i,
  original: 2000,
}));

describe.each([
  { littleEndian: true, nanoseconds: false },
  { littleEndian: true, nanoseconds: true },
  { littleEndian: false, nanoseconds: false },
  { littleEndian: false, nanoseconds: true },
])('a capture with %o', (options) => {
  const file = capture(entries, { ...options, linkType: 113 });

  it.each([1, 7, 16, 24, 100, 4096, file.length])('is read in pieces of %i bytes', async (size) => {
    const { frames, header, offset, count, error } = await readAll(pieces(file, size));
    expect(error).toBeUndefined();
    expect(header).toEqual({ ...options, linkType: 113 });
    expect(frames).toEqual(entries.map(({ original, ...rest }) => ({ ...rest, originalLength: original })));
    expect(offset).toBe(file.length);
    expect(count).toBe(entries.length);
  });
});

describe('a capture', () => {
  it('may be empty', async () => {
    expect(await readAll(pieces(fileHeader()))).toMatchObject({ frames: [], error: undefined });
  });

  it('may have the length of a frame check sequence beside its link type', async () => {
    const { header } = await readAll(pieces(fileHeader({ linkType: 0x24000001 })));
    expect(header?.linkType).toBe(1);
  });

  it('may have records up to 256 KiB', async () => {
    const { frames } = await readAll(pieces(capture([{ bytes: Buffer.alloc(262144, 7) }]), 65536));
    expect(frames[0].bytes.equals(Buffer.alloc(262144, 7))).toBe(true);
  });
});

const first = capture([{ bytes: ipv4(100) }]);

/** Files that are broken: what they are, where that is seen, and what the message must say. */
const broken: [string, Buffer, number, RegExp][] = [
  ['nothing', Buffer.alloc(0), 0, /ends after 0 bytes/],
  ['half a magic number', fileHeader().subarray(0, 3), 0, /ends after 3 bytes/],
  ['half a file header', fileHeader().subarray(0, 23), 23, /within its header/],
  ['text', Buffer.from('hello, this is no capture at all'), 0, /not a pcap file: it begins with 0x68656c6c/],
  ['pcapng', Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff', 'hex'), 0, /pcapng.*editcap -F pcap/],
  ['Kuznetzov, little endian', fileHeader({ magic: 0xa1b2cd34 }), 0, /Kuznetzov/],
  ['Kuznetzov, big endian', fileHeader({ magic: 0xa1b2cd34, littleEndian: false }), 0, /Kuznetzov/],
  ['gzip', Buffer.from('1f8b08000000000000030000', 'hex'), 0, /gzip -dc/],
  ['zstd', Buffer.from('28b52ffd0000000000000000', 'hex'), 0, /zstd -dc/],
  ['version 2.3', fileHeader({ version: [2, 3] }), 4, /version 2\.3/],
  ['version 3.4', fileHeader({ version: [3, 4], littleEndian: false }), 4, /version 3\.4/],
  ['half a record header', first.subarray(0, 39), 39, /within the header of record 1/],
  ['half a record', first.subarray(0, 60), 60, /within record 1, after 20 of its 100 bytes/],
  ['a record header alone', first.subarray(0, 40), 40, /within record 1, after 0 of its 100 bytes/],
  [
    'a second record cut short',
    Buffer.concat([first, record({ bytes: ipv4(50) }).subarray(0, 65)]),
    first.length + 65,
    /within record 2, after 49 of its 50 bytes/,
  ],
  [
    'an absurd length',
    Buffer.concat([first, record({ bytes: ipv4(50), captured: 262145 }), Buffer.alloc(5000)]),
    first.length + 8,
    /record 2 claims 262145 captured bytes/,
  ],
  [
    'an absurd length in big endian',
    Buffer.concat([fileHeader({ littleEndian: false }), record({ bytes: ipv4(50), captured: 0xffffffff }, false)]),
    32,
    /record 1 claims 4294967295 captured bytes/,
  ],
];

describe.each(broken)('a broken capture: %s', (_name, file, offset, message) => {
  it.each([1, 10, 1 << 20])('is refused with its offset, in pieces of %i bytes', async (size) => {
    const { error } = await readAll(pieces(file, size));
    expect(error).toBeInstanceOf(PcapError);
    expect(error).toMatchObject({ offset, message: expect.stringMatching(message) });
    expect((error as Error).message).toContain(`at byte offset ${offset}: `);
  });
});

describe('a reader', () => {
  it('delivers what is in front of the damage', async () => {
    const { frames, error } = await readAll(pieces(Buffer.concat([first, first.subarray(24), Buffer.alloc(3)])));
    expect(frames).toHaveLength(2);
    expect(error).toMatchObject({ offset: first.length * 2 - 24 + 3 });
  });

  it('lets go of its source when it refuses it', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield Buffer.from('no capture, but long enough');
      } finally {
        closed = true;
      }
    }
    await expect(PcapReader.open(source())).rejects.toThrow(PcapError);
    expect(closed).toBe(true);
  });

  it('lets go of its source when its reader stops early', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield first;
        yield first.subarray(24);
      } finally {
        closed = true;
      }
    }
    for await (const batch of await PcapReader.open(source())) {
      expect(batch).toHaveLength(1);
      break;
    }
    expect(closed).toBe(true);
  });

  it('passes an error of its source on', async () => {
    async function* source(): AsyncGenerator<Buffer> {
      yield first;
      throw new Error('the disk is gone');
    }
    const { frames, error } = await readAll(source());
    expect(frames).toHaveLength(1);
    expect(error).toMatchObject({ message: 'the disk is gone' });
  });
});
