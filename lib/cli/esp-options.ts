import { CpuMask } from '../index.js';
import { checked, parse, UsageError } from './command.js';

export const espHelp = `Usage: padata esp encrypt|decrypt IN.pcap OUT.pcap --spi N --key-file FILE [OPTIONS]
       ("-" is standard input or output)

Puts every IP packet of a capture into ESP (RFC 4303), or takes it out, on every CPU. The packets stay in order.

The security association:
  --spi N              security parameters index, 256 to 0xffffffff
  --key-file FILE      the key with its salt, as the algorithm takes it: raw bytes, or hexadecimal text
  --algorithm NAME     rfc4106(gcm(aes)), the default: 16, 24 or 32 bytes of key and 4 of salt;
                       rfc7539esp(chacha20,poly1305): 32 bytes of key and 4 of salt
  --auth-size N        bytes of the integrity check value: 16, the default; 8 or 12 for AES
  --mode MODE          tunnel, the default, or transport
  --source ADDRESS     tunnel, encrypt: addresses of the outer header, both IPv4 or both IPv6;
  --destination ADDR   192.0.2.1 and 192.0.2.2 by default
  --esn                extended sequence numbers, of 64 bits
  --sequence N         encrypt: the first sequence number; decrypt: the lowest that is accepted. Default: 1.
                       Never encrypt twice with the same key and the same numbers
  --replay-window N    decrypt: how many packets behind the newest one a packet may come, 0 to 4096.
                       Default: 64; 0 accepts any

The CPUs, as lists ("0-3,8") or bitmaps ("0xf"):
  --parallel LIST      where packets are encrypted or decrypted; by default every CPU
  --serial LIST        where the replay window is checked; by default every CPU

  --copy-non-ip        write frames without an IP packet as they are, instead of dropping them
  --json               print the summary as one JSON object
  -h, --help           print this

Exit status: 0 all went well, 1 it failed, or a packet did, or none went through, 2 the arguments were wrong, 130 or 143
interrupted by a signal.`;

/** What `padata esp` was asked to do, checked as far as that goes without the key. */
export interface EspArguments {
  direction: 'encrypt' | 'decrypt';
  input: string;
  output: string;
  spi: number;
  keyFile: string;
  mode: 'tunnel' | 'transport';
  algorithm: string;
  source: string | undefined;
  destination: string | undefined;
  esn: boolean;
  authSize: number | undefined;
  sequence: bigint | undefined;
  replayWindow: number | undefined;
  parallel: CpuMask | undefined;
  serial: CpuMask | undefined;
  copyNonIp: boolean;
  json: boolean;
}

const options = {
  spi: { type: 'string' },
  'key-file': { type: 'string' },
  mode: { type: 'string', default: 'tunnel' },
  algorithm: { type: 'string', default: 'rfc4106(gcm(aes))' },
  source: { type: 'string' },
  destination: { type: 'string' },
  esn: { type: 'boolean', default: false },
  'auth-size': { type: 'string' },
  sequence: { type: 'string' },
  'replay-window': { type: 'string' },
  parallel: { type: 'string' },
  serial: { type: 'string' },
  'copy-non-ip': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Reads the arguments behind `padata esp`. Throws UsageError. */
export function parseEspArguments(args: string[]): EspArguments {
  const { values, positionals } = parse({ args, options, allowPositionals: true });
  const [direction, input, output, ...more] = positionals;
  if (direction !== 'encrypt' && direction !== 'decrypt') throw new UsageError('say encrypt or decrypt');
  if (!input || !output) throw new UsageError('give two captures, IN and OUT ("-" is standard input or output)');
  if (more.length > 0) throw new UsageError(`there is one argument too many: ${more[0]}`);
  return {
    direction,
    input,
    output,
    spi: integer('spi', required('spi', values.spi), 256, 0xffffffff),
    keyFile: required('key-file', values['key-file']),
    mode: oneOf('mode', values.mode, ['tunnel', 'transport']),
    algorithm: values.algorithm,
    source: values.source,
    destination: values.destination,
    esn: values.esn,
    authSize: optional(values['auth-size'], (text) => integer('auth-size', text, 8, 16)),
    sequence: optional(values.sequence, sequenceNumber),
    replayWindow: optional(values['replay-window'], (text) => integer('replay-window', text, 0, 4096)),
    parallel: optional(values.parallel, (text) => checked('parallel', () => CpuMask.from(text))),
    serial: optional(values.serial, (text) => checked('serial', () => CpuMask.from(text))),
    copyNonIp: values['copy-non-ip'],
    json: values.json,
  };
}

function optional<T>(text: string | undefined, convert: (text: string) => T): T | undefined {
  return text === undefined ? undefined : convert(text);
}

function required(option: string, text: string | undefined): string {
  if (!text) throw new UsageError(`--${option} is missing`);
  return text;
}

/** A sequence number; with --esn it has 64 bits. Whether it fits is for the library to say. */
function sequenceNumber(text: string): bigint {
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text)) return BigInt(text);
  throw new UsageError(`--sequence must be a number, decimal or with 0x in front, not ${text}`);
}

/** A decimal or, with 0x in front, hexadecimal number within [min, max]. */
function integer(option: string, text: string, min: number, max: number): number {
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${option} must be a number from ${min} to ${max}, decimal or with 0x in front, not ${text}`);
}

function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((name) => name === text);
  if (choice === undefined) throw new UsageError(`--${option} must be ${choices.join(' or ')}, not ${text}`);
  return choice;
}
