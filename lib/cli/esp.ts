import { Padata, PadataError } from '../index.js';
import { PcapError } from '../pcap/format.js';
import type { LinkLayer } from '../pcap/link.js';
import { linkLayer } from '../pcap/link.js';
import { PcapReader } from '../pcap/reader.js';
import { PcapWriter } from '../pcap/writer.js';
import type { SecurityAssociation } from '../pcrypt.js';
import type { Command } from './command.js';
import { STATUS } from './command.js';
import { dropReasons, securityAssociation } from './esp-association.js';
import type { EspArguments } from './esp-options.js';
import { espHelp, parseEspArguments } from './esp-options.js';
import type { Input, Output } from './files.js';
import { openInput, openOutput } from './files.js';
import { PacketPump } from './packets.js';
import { showProgress } from './progress.js';
import { onInterrupt } from './signals.js';
import type { Summary } from './summary.js';
import { packetCounts, summaryText, wentThrough } from './summary.js';

/** All that one run works with. */
interface Run {
  args: EspArguments;
  instance: Padata;
  input: Input;
  output: Output;
  sa: SecurityAssociation;
  reader: PcapReader;
  writer: PcapWriter;
  pump: PacketPump;
  began: number;
}

/** The instance. Throws if it could not run a job: its masks name no CPU that this process may use. */
function createInstance({ parallel, serial }: EspArguments): Padata {
  const instance = new Padata('esp', { ...(parallel && { parallel }), ...(serial && { serial }) });
  if (instance.state === 'running') return instance;
  instance.free();
  const detail = 'no CPU of --parallel or none of --serial can be used; padata cpus shows which can';
  throw new PadataError('EINVAL', 'esp', detail);
}

/** Reads the header of the capture. */
async function openCapture(args: EspArguments, input: Input): Promise<{ reader: PcapReader; link: LinkLayer }> {
  try {
    const reader = await PcapReader.open(input.stream);
    return { reader, link: linkLayer(reader.header.linkType, reader.header.littleEndian) };
  } catch (error) {
    throw inInput(args, error);
  }
}

/** Opens both captures, the one to write last: arguments or an input that cannot be right leave no trace of it. */
async function prepare(args: EspArguments, sa: SecurityAssociation, instance: Padata, input: Input): Promise<Run> {
  const began = performance.now();
  const { reader, link } = await openCapture(args, input);
  const output = await openOutput(args.output);
  const writer = new PcapWriter(output.stream, reader.header);
  const pump = new PacketPump({
    shell: instance.createShell(),
    fn: args.direction === 'encrypt' ? sa.outbound : sa.inbound,
    link,
    writer,
    copyNonIp: args.copyNonIp,
    dropReasons,
  });
  return { args, instance, input, output, sa, reader, writer, pump, began };
}

/** Moves the packets, with a progress bar, until the end or an interrupt. Returns what ended it early. */
async function move({ args, input, output, reader, writer, pump }: Run): Promise<unknown> {
  const position = () => ({ packets: pump.tally.read, bytes: reader.offset });
  const clear = showProgress(process.stderr, input.size, position);
  try {
    await pump.run(reader);
    await output.commit();
    return undefined;
  } catch (error) {
    return error === writer.failure
      ? named(args.output === '-' ? 'standard output' : args.output, error)
      : inInput(args, error);
  } finally {
    clear();
  }
}

/** Where the packets are that were written before the run ended early. */
async function leave({ args, output, writer }: Run): Promise<string | null> {
  if (writer.frames > 0) return (await output.keep()) ?? args.output;
  await output.discard();
  return null;
}

function summarize(run: Run, output: string | null, error: unknown): Summary {
  const { args, instance, sa, reader, writer, pump, began } = run;
  const next = args.direction === 'encrypt' ? sa.nextSequence : sa.highestSequence + 1n;
  const seconds = (performance.now() - began) / 1000;
  return {
    command: args.direction,
    output,
    error: error === undefined ? null : (error as Error).message,
    mode: args.mode,
    algorithm: args.algorithm,
    spi: args.spi,
    nextSequence: next.toString(),
    parallel: instance.usable.parallel.toList(),
    serial: instance.usable.serial.toList(),
    packets: packetCounts(pump.tally),
    bytes: { read: reader.offset, written: writer.bytes },
    seconds,
    packetsPerSecond: pump.tally.read / seconds,
    bytesPerSecond: reader.offset / seconds,
    maxRss: process.resourceUsage().maxRSS * 1024,
  };
}

/** On standard output, unless the capture goes there. */
function print({ json, output }: EspArguments, summary: Summary): void {
  const out = output === '-' ? process.stderr : process.stdout;
  out.write(`${json ? JSON.stringify(summary) : summaryText(summary)}\n`);
}

/** An error with the name of its file in front. */
function named(path: string, error: unknown): unknown {
  if (error instanceof Error) error.message = `${path}: ${error.message}`;
  return error;
}

/** An error while reading: one of the format gets the name of the capture, those of the system have it. */
function inInput({ input }: EspArguments, error: unknown): unknown {
  return error instanceof PcapError ? named(input === '-' ? 'standard input' : input, error) : error;
}

/** From one capture to the other. */
async function convert(args: EspArguments, sa: SecurityAssociation, instance: Padata): Promise<number> {
  const input = await openInput(args.input);
  const unhook = onInterrupt((reason) => input.stream.destroy(reason)); // before there is an output to be left
  try {
    const run = await prepare(args, sa, instance, input);
    const failure = await move(run);
    const summary = summarize(run, failure === undefined ? args.output : await leave(run), failure);
    print(args, summary);
    if (failure !== undefined) throw failure;
    return wentThrough(summary) ? STATUS.ok : STATUS.failure;
  } finally {
    unhook();
    input.stream.destroy();
  }
}

/** `padata esp`. */
export const espCommand: Command = {
  summary: 'encrypt or decrypt the packets of a capture with ESP, on every CPU',
  help: espHelp,
  async run(args) {
    const parsed = parseEspArguments(args);
    const sa = await securityAssociation(parsed);
    try {
      await using instance = createInstance(parsed);
      return await convert(parsed, sa, instance);
    } finally {
      sa.free();
    }
  },
};
