import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Frame, PcapHeader } from './format.js';
import { encodeFileHeader, FILE_HEADER_SIZE, RECORD_HEADER_SIZE } from './format.js';

/** How many bytes are gathered before the stream is called, unless one record is longer. */
const BLOCK_SIZE = 256 * 1024;

/**
 * Writes a capture to a stream. Records are gathered in blocks, so `write` costs a copy of the bytes and no call of the
 * stream for most packets. It never waits: a caller who may outrun the stream awaits `ready()` now and then.
 */
export class PcapWriter {
  /** Records written so far. */
  frames = 0;
  /** Bytes written so far, headers included. */
  bytes = FILE_HEADER_SIZE;
  /** The error with which the stream failed. Standard output forgets its own, so it is kept here. */
  failure: Error | undefined;
  private block = Buffer.allocUnsafeSlow(BLOCK_SIZE);
  private view = new DataView(this.block.buffer);
  private used = 0;

  /**
   * @param out    the stream; when it fails, `ready` and `flush` reject
   * @param header byte order, unit of the timestamps and link type of the new file
   */
  constructor(
    private readonly out: Writable,
    readonly header: PcapHeader,
  ) {
    out.on('error', (error) => {
      this.failure ??= error;
    });
    out.write(encodeFileHeader(header));
  }

  /**
   * Appends a record: a packet behind the link header of a frame that was read.
   *
   * @param frame      gives the timestamp and the link header
   * @param linkLength how many bytes at the start of the frame are the link header
   * @param packet     the packet, whole
   */
  write(frame: Frame, linkLength: number, packet: Uint8Array): void {
    const captured = linkLength + packet.length;
    const at = this.begin(frame, captured, captured);
    // A link header is too short for a call of Buffer's to pay.
    for (let i = 0; i < linkLength; i++) this.block[at + i] = frame.chunk[frame.start + i];
    this.block.set(packet, at + linkLength);
  }

  /** Appends a frame as it was read. */
  copy(frame: Frame): void {
    const at = this.begin(frame, frame.end - frame.start, frame.originalLength);
    frame.chunk.copy(this.block, at, frame.start, frame.end);
  }

  /** Whether the stream is behind: the caller should wait for `ready()` before it writes much more. */
  get full(): boolean {
    return this.out.writableNeedDrain;
  }

  /** Settles when the stream takes bytes again; rejects if it has failed or was closed. */
  async ready(): Promise<void> {
    this.failure ??= this.out.errored ?? undefined; // the stream tells of it by its event only later
    if (this.failure) throw this.failure;
    if (this.out.destroyed) throw new Error('the output was closed before all of it was written');
    if (this.out.writableNeedDrain) await once(this.out, 'drain');
  }

  /** Writes what is gathered to the stream, and waits until it is ready for more. */
  async flush(): Promise<void> {
    this.pass();
    await this.ready();
  }

  /** Writes a record header, and returns where in the block the record's bytes belong. */
  private begin(frame: Frame, captured: number, originalLength: number): number {
    const size = RECORD_HEADER_SIZE + captured;
    this.reserve(size);
    const { view, used } = this;
    const { littleEndian } = this.header;
    view.setUint32(used, frame.seconds, littleEndian);
    view.setUint32(used + 4, frame.fraction, littleEndian);
    view.setUint32(used + 8, captured, littleEndian);
    view.setUint32(used + 12, originalLength, littleEndian);
    this.used += size;
    this.bytes += size;
    this.frames += 1;
    return used + RECORD_HEADER_SIZE;
  }

  /** Makes room in the block for a record. */
  private reserve(size: number): void {
    if (this.block.length - this.used >= size) return;
    this.pass();
    this.block = Buffer.allocUnsafeSlow(Math.max(size, BLOCK_SIZE));
    this.view = new DataView(this.block.buffer);
  }

  /** Hands the gathered bytes to the stream. What it holds is not written to again; the rest of the block is. */
  private pass(): void {
    if (this.used === 0) return;
    this.out.write(this.block.subarray(0, this.used));
    this.block = this.block.subarray(this.used);
    this.view = new DataView(this.block.buffer, this.block.byteOffset, this.block.length);
    this.used = 0;
  }
}
