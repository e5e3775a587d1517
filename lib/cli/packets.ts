import type { PadataError } from '../errors.js';
import type { Job, NativeFunction, Shell } from '../index.js';
import type { Frame } from '../pcap/format.js';
import { packetLength } from '../pcap/ip.js';
import type { IpVersion, LinkLayer } from '../pcap/link.js';
import type { PcapReader } from '../pcap/reader.js';
import type { PcapWriter } from '../pcap/writer.js';
import { InFlight } from './in-flight.js';

/** A function from an IP packet to an IP packet, as `padata/pcrypt` makes them. */
export type PacketFunction = NativeFunction<Uint8Array, Uint8Array>;

/** What became of the packets, by reason or by errno name where that is told apart. */
export interface Tally {
  read: number;
  written: number;
  /** Frames without an IP packet that were written as they were. */
  copied: number;
  dropped: Map<string, number>;
  failed: Map<string, number>;
}

/** Counts one more. */
function add(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}

/** One packet on its way: the frame that it came in, and how much of that is link header. */
interface PacketJob extends Job {
  frame: Frame;
  linkLength: number;
  size: number;
}

/** What a PacketPump works on. */
export interface PumpOptions {
  shell: Shell;
  fn: PacketFunction;
  link: LinkLayer;
  writer: PcapWriter;
  /** Whether frames without an IP packet are written as they are; otherwise they are counted and dropped. */
  copyNonIp: boolean;
  /** Errno names of packets that are dropped, with the reason to count; others failed. */
  dropReasons: ReadonlyMap<string, string>;
}

/**
 * Takes packets from a reader through one shell to a writer. The shell keeps the order, so what goes round the function (a
 * frame without IP) goes through the shell as well.
 */
export class PacketPump {
  readonly tally: Tally = { read: 0, written: 0, copied: 0, dropped: new Map(), failed: new Map() };
  private readonly inFlight = new InFlight();
  private readonly pass = (job: PacketJob): void => this.options.shell.doSerial(job);
  private readonly take = (job: PacketJob): void => this.serial(job);

  constructor(private readonly options: PumpOptions) {}

  /** Moves all packets. However it ends, every job is through and written out then. */
  async run(reader: PcapReader): Promise<void> {
    const { shell, writer } = this.options;
    try {
      for await (const frames of reader) {
        for (const frame of frames) {
          if (this.inFlight.crowded || writer.full) await this.room();
          this.submit(frame);
        }
        await writer.ready();
      }
    } finally {
      await shell.drain();
      await writer.flush();
    }
  }

  private async room(): Promise<void> {
    await this.options.writer.ready();
    await this.inFlight.room();
  }

  /** Sends a frame on its way, or counts why not. */
  private submit(frame: Frame): void {
    this.tally.read += 1;
    const { link, fn, shell, copyNonIp } = this.options;
    const linkLength = link.packetOffset(frame);
    if (linkLength === -1) {
      if (copyNonIp) shell.doParallel(this.job(frame, frame.end - frame.start, 0, this.pass));
      else add(this.tally.dropped, 'not-ip');
      return;
    }
    const length = packetLength(frame, linkLength);
    if (typeof length === 'string') add(this.tally.dropped, length);
    else shell.doParallel(this.job(frame, linkLength, length, fn));
  }

  private job(frame: Frame, linkLength: number, size: number, parallel: Job['parallel']): PacketJob {
    const start = frame.start + linkLength;
    this.inFlight.enter(size);
    return {
      parallel,
      serial: this.take,
      data: frame.chunk.subarray(start, start + size),
      frame,
      linkLength,
      size,
    };
  }

  /** serial() of each job, in order. */
  private serial(job: PacketJob): void {
    if (job.error) this.refused((job.error as PadataError).code);
    else if (job.parallel === this.pass) this.copy(job.frame);
    else this.write(job.frame, job.linkLength, job.result as Uint8Array);
    this.inFlight.leave(job.size);
  }

  private refused(code: string): void {
    const reason = this.options.dropReasons.get(code);
    if (reason === undefined) add(this.tally.failed, code);
    else add(this.tally.dropped, reason);
  }

  private copy(frame: Frame): void {
    this.options.writer.copy(frame);
    this.tally.copied += 1;
  }

  private write(frame: Frame, linkLength: number, packet: Uint8Array): void {
    const version = (packet[0] >> 4) as IpVersion;
    const same = frame.chunk[frame.start + linkLength] >> 4 === version;
    const header = same ? frame : this.options.link.relabel(frame, linkLength, version);
    this.options.writer.write(header, linkLength, packet);
    this.tally.written += 1;
  }
}
