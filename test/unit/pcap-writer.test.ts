import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../dist/pcap/format.js';
import { PcapWriter } from '../../dist/pcap/writer.js';
import { capture, ethernet, ipv4 } from '../support/capture.js';

/** Gathers what is written. */
function sink(): Writable & { bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { bytes: () => Buffer.concat(chunks) });
}

/** A frame somewhere inside a larger chunk, as a reader makes them. */
function frame(bytes: Buffer, seconds = 1, fraction = 2, original = bytes.length): Frame {
  const chunk = Buffer.concat([Buffer.alloc(5, 0xee), bytes, Buffer.alloc(5, 0xee)]);
  return new Frame(chunk, 5, 5 + bytes.length, seconds, fraction, original);
}

describe.each([
  { littleEndian: true, nanoseconds: false },
  { littleEndian: true, nanoseconds: true },
  { littleEndian: false, nanoseconds: false },
  { littleEndian: false, nanoseconds: true },
])('a writer with %o', (options) => {
  it('writes link header and packet, or a frame as it was', async () => {
    const out = sink();
    const writer = new PcapWriter(out, { ...options, linkType: 1 });
    const link = ethernet(Buffer.alloc(0), 0x0800);
    writer.write(frame(Buffer.concat([link, ipv4(30)]), 0xfffffff0, 999_999), 14, ipv4(80, 5));
    writer.copy(frame(ethernet(Buffer.alloc(28, 3), 0x0806), 7, 8, 60));
    await writer.flush();
    const expected = capture(
      [
        { bytes: Buffer.concat([link, ipv4(80, 5)]), seconds: 0xfffffff0, fraction: 999_999 },
        { bytes: ethernet(Buffer.alloc(28, 3), 0x0806), seconds: 7, fraction: 8, original: 60 },
      ],
      { ...options, linkType: 1 },
    );
    expected.writeUInt32LE(0, 16);
    const bytes = out.bytes();
    bytes.writeUInt32LE(0, 16); // the longest record of a file is not what this test is about
    expect(bytes.equals(expected)).toBe(true);
    expect(writer).toMatchObject({ frames: 2, bytes: expected.length });
  });
});

describe('a writer', () => {
  it('keeps records of all sizes apart, over many blocks and flushes', async () => {
    const out = sink();
    const writer = new PcapWriter(out, { littleEndian: true, nanoseconds: false, linkType: 101 });
    const expected = [];
    for (let i = 0; i < 3000; i++) {
      const packet = ipv4(28 + ((i * 7919) % 1473), i);
      expected.push({ bytes: packet, seconds: i, fraction: i });
      writer.write(frame(Buffer.alloc(0), i, i), 0, packet);
      if (i % 997 === 0) await writer.flush();
    }
    const giant = Buffer.alloc(262144, 9);
    writer.write(frame(Buffer.alloc(0)), 0, giant);
    await writer.flush();
    const bytes = out.bytes();
    bytes.writeUInt32LE(65535, 16);
    expect(bytes.equals(capture([...expected, { bytes: giant }]))).toBe(true);
  });

  it('says when the stream is behind, and waits for it', async () => {
    const slow = new PassThrough({ highWaterMark: 1000 });
    const writer = new PcapWriter(slow, { littleEndian: true, nanoseconds: false, linkType: 101 });
    expect(writer.full).toBe(false);
    writer.write(frame(Buffer.alloc(0)), 0, ipv4(1400));
    const flushed = writer.flush();
    expect(writer.full).toBe(true);
    expect(await Promise.race([flushed.then(() => 'flushed'), 'waiting'])).toBe('waiting');
    slow.resume();
    await flushed;
    expect(writer.full).toBe(false);
  });

  it('rejects when the stream fails while it waits', async () => {
    const failing = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        setImmediate(done, new Error('no space left'));
      },
    });
    const writer = new PcapWriter(failing, { littleEndian: true, nanoseconds: false, linkType: 101 });
    await expect(writer.flush()).rejects.toThrow('no space left');
    await expect(writer.ready()).rejects.toThrow('no space left');
  });

  it('keeps the error of a stream that forgets it', async () => {
    const forgetful = sink();
    const writer = new PcapWriter(forgetful, { littleEndian: true, nanoseconds: false, linkType: 101 });
    forgetful.emit('error', new Error('broken pipe'));
    expect(forgetful.errored).toBeNull();
    await expect(writer.ready()).rejects.toThrow('broken pipe');
    expect(writer.failure?.message).toBe('broken pipe');
  });

  it('rejects when the stream was closed', async () => {
    const closed = sink().destroy();
    const writer = new PcapWriter(closed, { littleEndian: true, nanoseconds: false, linkType: 101 });
    await expect(writer.ready()).rejects.toThrow(/closed/);
  });
});
