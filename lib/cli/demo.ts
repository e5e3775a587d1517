#!/usr/bin/env node
/**
 * The demo: packets through ESP on every CPU, and back, with the cpumasks changed in mid-run, and the proof that order and
 * bytes are as they were.
 *
 *     npm run demo [-- capture.pcap]
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Job, NativeFunction } from '../index.js';
import { CpuMask, Padata } from '../index.js';
import { packetLength } from '../pcap/ip.js';
import { linkLayer } from '../pcap/link.js';
import { PcapReader } from '../pcap/reader.js';
import { esp } from '../pcrypt.js';
import { compareWithNodeCrypto } from './demo-crypto.js';
import { imixCapture } from './imix.js';
import { InFlight } from './in-flight.js';
import { count, plural, size } from './text.js';

/** Packets of the IMIX capture, and the most that are taken of another. */
const MAX_PACKETS = 300_000;

/** The most bytes that are taken of a capture: they are kept in memory, three times over. */
const MAX_BYTES = 256 * 1024 * 1024;

const SEED = 7;

/** How often the cpumasks change while the packets are encrypted. */
const MASK_CHANGES = 12;

/** An AES-256 key, and the salt of RFC 4106. */
const KEY_SIZE = 36;

function say(what: string, text: string): void {
  process.stdout.write(`${what.padEnd(12)}${text}\n`);
}

function fail(text: string): never {
  throw new Error(text);
}

/** The IP packets at the start of a capture, copied. */
async function load(path: string | undefined): Promise<Uint8Array[]> {
  const source =
    path === undefined ? await imixCapture(MAX_PACKETS, SEED) : createReadStream(path, { highWaterMark: 1 << 20 });
  const reader = await PcapReader.open(source);
  const link = linkLayer(reader.header.linkType, reader.header.littleEndian);
  const packets: Uint8Array[] = [];
  for await (const frames of reader) {
    for (const frame of frames) {
      const offset = link.packetOffset(frame);
      const length = offset === -1 ? 'not-ip' : packetLength(frame, offset);
      if (typeof length === 'number') packets.push(Uint8Array.from(frame.bytes.subarray(offset, offset + length)));
    }
    if (packets.length >= MAX_PACKETS || reader.offset >= MAX_BYTES) break;
  }
  return packets.slice(0, MAX_PACKETS);
}

/** What a pass came to. */
interface Pass {
  packets: Uint8Array[];
  seconds: number;
}

/** A job whose data are a packet. */
interface PacketJob extends Job {
  data: Uint8Array;
}

/**
 * Sends packets through a function, in one shell.
 *
 * @param progress called for each packet that came back, with how many there are so far
 */
async function pass(
  instance: Padata,
  fn: NativeFunction<Uint8Array, Uint8Array>,
  packets: Uint8Array[],
  progress: (done: number) => void = () => {},
): Promise<Pass> {
  const shell = instance.createShell();
  const results: Uint8Array[] = [];
  const inFlight = new InFlight();
  let failure: Error | undefined;
  const serial = ({ data, result, error }: PacketJob) => {
    if (error) failure ??= error;
    else results.push(result as Uint8Array);
    progress(results.length);
    inFlight.leave(data.length);
  };
  const began = performance.now();
  for (const data of packets) {
    if (inFlight.crowded) await inFlight.room();
    inFlight.enter(data.length);
    shell.doParallel({ parallel: fn, serial, data });
  }
  await shell.drain();
  const seconds = (performance.now() - began) / 1000;
  shell.free();
  if (failure) throw failure;
  return { packets: results, seconds };
}

/** Each usable CPU alone, then all of them: in turn for the parallel and the serial mask. */
function* masks(instance: Padata): Generator<['parallel' | 'serial', CpuMask]> {
  const all = instance.usable.parallel;
  const choices = [...[...all].map((cpu) => CpuMask.of(cpu)), all];
  for (let i = 0; ; i++) yield [i % 2 ? 'serial' : 'parallel', choices[(i >> 1) % choices.length]];
}

/** Encrypts, and changes the cpumasks again and again while jobs are in flight. */
async function encrypt(
  instance: Padata,
  fn: NativeFunction<Uint8Array, Uint8Array>,
  packets: Uint8Array[],
): Promise<Pass> {
  const step = Math.max(1, Math.floor(packets.length / (MASK_CHANGES + 1)));
  const next = masks(instance);
  const changes: string[] = [];
  const sealed = await pass(instance, fn, packets, (done) => {
    if (done % step !== 0 || changes.length >= MASK_CHANGES) return;
    const [type, mask] = next.next().value;
    instance.setCpumask(type, mask);
    changes.push(`${type} ${mask.toList()}`);
  });
  say('encrypted', rate(sealed));
  say('', `meanwhile, cpumasks changed ${count(changes.length)} times: ${changes.join(', ')}`);
  return sealed;
}

function rate({ packets, seconds }: Pass): string {
  const bytes = packets.reduce((sum, { length }) => sum + length, 0);
  const perSecond = `${count(packets.length / seconds)} packets/s, ${size(bytes / seconds)}/s`;
  return `${plural(packets.length, 'packet')}, ${size(bytes)}, in ${seconds.toFixed(2)} s: ${perSecond}`;
}

/** Throws unless both are the same packets in the same order. */
function prove(before: Uint8Array[], after: Uint8Array[]): void {
  if (before.length !== after.length) fail(`${before.length} packets went in, ${after.length} came out`);
  before.forEach((packet, i) => {
    if (Buffer.compare(packet, after[i]) !== 0) fail(`packet ${i} did not come back as it was`);
  });
  say('proved', `all ${plural(before.length, 'packet')} are back, each at its place, byte for byte`);
}

/** Encrypts the same packets with node:crypto, says how the rates compare, and throws unless the ciphertexts are the same. */
function compare(packets: Uint8Array[], sealed: Pass, key: Uint8Array): void {
  const { seconds, equal } = compareWithNodeCrypto(packets, sealed.packets, key);
  if (equal !== packets.length) fail(`${count(packets.length - equal)} ciphertexts differ from those of node:crypto`);
  say(
    'node:crypto',
    `the same ciphertexts on the main thread, one by one: ${count(packets.length / seconds)} packets/s`,
  );
  say('', `padata did ${(seconds / sealed.seconds).toFixed(1)} times as many, in order and with ESP around them`);
}

async function demo(path: string | undefined): Promise<void> {
  const packets = await load(path);
  if (packets.length === 0) fail('there is no IP packet in the capture');
  const bytes = packets.reduce((sum, { length }) => sum + length, 0);
  say(
    'capture',
    `${path ?? 'IMIX, 7:4:1 of 40, 576 and 1500 bytes'}: ${plural(packets.length, 'packet')}, ${size(bytes)}`,
  );
  const key = randomBytes(KEY_SIZE);
  const sa = { spi: 0x1001, mode: 'tunnel', key, source: '192.0.2.1', destination: '192.0.2.2' } as const;
  using here = esp(sa);
  using there = esp(sa);
  await using instance = new Padata('demo');
  const { parallel, serial } = instance.usable;
  say('instance', `parallel() on CPUs ${parallel.toList()}, serial() on ${serial.toList()}; ESP tunnel, AES-256-GCM`);
  const sealed = await encrypt(instance, here.outbound, packets);
  const opened = await pass(instance, there.inbound, sealed.packets);
  say('decrypted', rate(opened));
  prove(packets, opened.packets);
  compare(packets, sealed, key);
}

demo(process.argv[2]).catch((error: Error) => {
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = 1;
});
