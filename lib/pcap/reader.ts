import type { PcapHeader } from './format.js';
import { FILE_HEADER_SIZE, Frame, MAX_CAPTURED, PcapError, parseFileHeader, RECORD_HEADER_SIZE } from './format.js';

/** Where the bytes of a capture come from: any Readable (not in object mode), or an iterable of buffers. */
export type ByteSource = AsyncIterable<Buffer> | Iterable<Buffer>;

type ByteIterator = AsyncIterator<Buffer> | Iterator<Buffer>;

/**
 * Reads a capture as a stream, in memory that does not grow with the file. Frames come in batches, all those that a
 * chunk of the source completes, so the cost of asynchrony is paid once a chunk and not once a packet.
 *
 *     const reader = await PcapReader.open(createReadStream('in.pcap', { highWaterMark: 1 << 20 }));
 *     for await (const frames of reader) for (const frame of frames) …
 *
 * The source must not reuse its buffers after it handed them out, since frames are views of them; Node's streams do not.
 */
export class PcapReader implements AsyncIterable<Frame[]> {
  /** Bytes of the file that are in complete frames so far, the file header included: the offset of the next record. */
  offset = FILE_HEADER_SIZE;
  /** Frames read so far. */
  frames = 0;

  private constructor(
    readonly header: PcapHeader,
    private readonly source: ByteIterator,
    private rest: Buffer,
  ) {}

  /** Reads the file header. Throws PcapError if it is not one of a classic capture. */
  static async open(source: ByteSource): Promise<PcapReader> {
    const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    try {
      let head: Buffer = Buffer.alloc(0);
      while (head.length < FILE_HEADER_SIZE) {
        const next = await iterator.next();
        if (next.done) break;
        head = Buffer.concat([head, next.value]);
      }
      return new PcapReader(parseFileHeader(head), iterator, head.subarray(FILE_HEADER_SIZE));
    } catch (error) {
      await iterator.return?.();
      throw error;
    }
  }

  /** Batches of frames, none of them empty. Throws PcapError where the file is damaged, after all frames before that. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Frame[], void, undefined> {
    try {
      for (;;) {
        const { batch, damage } = this.parse();
        if (batch.length > 0) yield batch;
        if (damage) throw damage;
        const next = await this.source.next();
        if (next.done) break;
        // Only the incomplete record at the end of a chunk is copied, in front of the next chunk.
        this.rest = this.rest.length === 0 ? next.value : Buffer.concat([this.rest, next.value]);
      }
      this.checkEnd();
    } finally {
      await this.source.return?.();
    }
  }

  /** Takes the complete records off `rest`. */
  private parse(): { batch: Frame[]; damage?: PcapError } {
    const chunk = this.rest;
    const batch: Frame[] = [];
    let position = 0;
    let damage: PcapError | undefined;
    while (chunk.length - position >= RECORD_HEADER_SIZE) {
      const start = position + RECORD_HEADER_SIZE;
      const captured = this.word(chunk, position + 8);
      if (captured > MAX_CAPTURED) {
        damage = this.absurd(this.offset + position + 8, batch.length, captured);
        break;
      }
      if (chunk.length - start < captured) break;
      batch.push(
        new Frame(
          chunk,
          start,
          start + captured,
          this.word(chunk, position),
          this.word(chunk, position + 4),
          this.word(chunk, position + 12),
        ),
      );
      position = start + captured;
    }
    this.rest = chunk.subarray(position);
    this.offset += position;
    this.frames += batch.length;
    return { batch, damage };
  }

  private absurd(offset: number, inBatch: number, captured: number): PcapError {
    const record = this.frames + inBatch + 1;
    return new PcapError(
      offset,
      `record ${record} claims ${captured} captured bytes, more than the ${MAX_CAPTURED} possible`,
    );
  }

  /** An unsigned 32-bit word in the byte order of the file. */
  private word(chunk: Buffer, at: number): number {
    return this.header.littleEndian ? chunk.readUInt32LE(at) : chunk.readUInt32BE(at);
  }

  /** The source has ended: nothing may be left over. */
  private checkEnd(): void {
    const left = this.rest.length;
    if (left === 0) return;
    const record = this.frames + 1;
    if (left < RECORD_HEADER_SIZE) {
      throw new PcapError(this.offset + left, `the file ends within the header of record ${record}`);
    }
    const captured = this.word(this.rest, 8);
    throw new PcapError(
      this.offset + left,
      `the file ends within record ${record}, after ${left - RECORD_HEADER_SIZE} of its ${captured} bytes`,
    );
  }
}
