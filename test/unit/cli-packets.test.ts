import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Shell } from 'padata';
import { describe, expect, it } from 'vitest';
import type { PacketFunction } from '../../dist/cli/packets.js';
import { PacketPump } from '../../dist/cli/packets.js';
import { linkLayer } from '../../dist/pcap/link.js';
import { PcapReader } from '../../dist/pcap/reader.js';
import { PcapWriter } from '../../dist/pcap/writer.js';
import { fileHeader, ipv4, record } from '../support/capture.js';

interface HeldJob {
  data: Uint8Array;
  result?: Uint8Array;
  serial: (job: HeldJob) => void;
}

/** A shell that holds its jobs until it is told to give them back: what CPUs look like that are far too slow. */
class HeldShell {
  readonly held: HeldJob[] = [];
  private readonly drained: (() => void)[] = [];

  doParallel(job: HeldJob): number {
    this.held.push(job);
    return 0;
  }

  release(count: number): void {
    for (const job of this.held.splice(0, count)) {
      job.result = job.data;
      job.serial(job);
    }
    if (this.held.length === 0) for (const resolve of this.drained.splice(0)) resolve();
  }

  drain(): Promise<void> {
    return this.held.length === 0 ? Promise.resolve() : new Promise((resolve) => this.drained.push(resolve));
  }
}

/** A capture of so many packets of one size; it counts how much of it was asked for. */
function source(packets: number, size: number) {
  const taken = { packets: 0 };
  function* chunks(): Generator<Buffer> {
    yield fileHeader();
    for (; taken.packets < packets; taken.packets += 10) {
      yield Buffer.concat(Array.from({ length: 10 }, () => record({ bytes: ipv4(size) })));
    }
  }
  return { taken, chunks: chunks() };
}

async function pumpInto(out: Writable, chunks: Iterable<Buffer>) {
  const shell = new HeldShell();
  const reader = await PcapReader.open(chunks);
  const pump = new PacketPump({
    shell: shell as unknown as Shell,
    fn: {} as PacketFunction,
    link: linkLayer(101, true),
    writer: new PcapWriter(out, reader.header),
    copyNonIp: false,
    dropReasons: new Map(),
  });
  return { shell, pump, done: pump.run(reader) };
}

/** Lets everything happen that can happen by itself. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10_000; i++) await turn();
}

const sink = () =>
  new Writable({
    write(_chunk, _encoding, written) {
      written();
    },
  });

describe('a pump', () => {
  it.each([
    [100, 20_000, 4096],
    [60_000, 1000, Math.ceil((8 * 1024 * 1024) / 60_000)],
  ])('has a bound on packets of %i bytes in flight, and reads no further', async (size, packets, bound) => {
    const { taken, chunks } = source(packets, size);
    const { shell, pump, done } = await pumpInto(sink(), chunks);
    await settle();
    expect(shell.held.length).toBe(bound);
    expect(taken.packets).toBeLessThanOrEqual(bound + 20);
    const running = setInterval(() => shell.release(1000));
    await done;
    clearInterval(running);
    expect(pump.tally).toMatchObject({ read: packets, written: packets });
  });

  it('reads no further when the writer is far behind', async () => {
    let pass = () => {};
    const stuck = new Writable({
      write(_chunk, _encoding, written) {
        pass = written;
      },
    });
    const { taken, chunks } = source(1_000_000, 1500);
    const { shell, done } = await pumpInto(stuck, chunks);
    const running = setInterval(() => shell.release(Number.POSITIVE_INFINITY));
    let before = -1;
    while (before !== taken.packets) {
      before = taken.packets;
      await settle();
    }
    expect(before).toBeLessThan(5000);
    clearInterval(running);
    shell.release(Number.POSITIVE_INFINITY);
    stuck.destroy(new Error('given up'));
    pass();
    await expect(done).rejects.toThrow('given up');
  });
});
