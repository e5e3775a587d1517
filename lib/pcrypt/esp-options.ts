/** The options of `esp()`, and their checks. */
import type { EspNativeOptions } from '../internal/functions-binding.js';
import { checkBytes, checkInteger, checkOptions, rangeError, typeError } from '../internal/validate.js';
import { addressBytes } from './address.js';

/** What the two ends of a security association have agreed on. */
export interface EspOptions {
  /**
   * The security parameters index: 256 to 2^32 - 1. (1 to 255 are reserved by IANA, and 0 never goes over a wire: RFC 4303,
   * section 2.1.)
   */
  spi: number;
  /**
   * The key, with 4 bytes of salt at its end: 20, 28 or 36 bytes for AES-GCM, 36 for ChaCha20-Poly1305.
   *
   * One key is for one direction and one lifetime: an iv is the sequence number of its packet, so a key that is used again
   * with numbers that were used before gives away what was encrypted, and lets others forge packets.
   */
  key: Uint8Array;
  /** Default: `'rfc4106(gcm(aes))'` (RFC 4106). The other is RFC 7634. */
  algorithm?: 'rfc4106(gcm(aes))' | 'rfc7539esp(chacha20,poly1305)';
  /** Size of the integrity check value in bytes: 8, 12 or 16 for AES-GCM, 16 for the other. Default: 16. */
  authSize?: number;
  /**
   * `'tunnel'`: the whole packet is encrypted, behind a new IP header. `'transport'`: its payload is, behind its own header.
   * See RFC 4303, section 3.1.
   */
  mode: 'tunnel' | 'transport';
  /**
   * Tunnel mode: the addresses of the outer header, both IPv4 or both IPv6; the packets inside may be of either. Needed
   * by outbound only. Not allowed in transport mode.
   */
  source?: string;
  /** Tunnel mode: see `source`. */
  destination?: string;
  /** Tunnel mode, outbound: time to live or hop limit of the outer header, 1 to 255. Default: 64. */
  hopLimit?: number;
  /**
   * Tunnel mode over IPv4, outbound: the "don't fragment" bit of the outer header. `'copy'` takes that of the packet
   * inside, and sets it for IPv6 (RFC 4301, section 8.1). Default: `'copy'`.
   */
  dontFragment?: 'copy' | 'set' | 'clear';
  /**
   * Tunnel mode, outbound: the DSCP of the outer header, 0 to 63, or `'copy'` to take that of the packet inside. The two bits
   * of ECN are always copied, and congestion marked on the way is told to the packet inside (RFC 4301, section 5.1.2).
   * Default: `'copy'`.
   */
  dscp?: 'copy' | number;
  /** Extended sequence numbers of 64 bits (RFC 4304). Both ends must agree. Default: false. */
  esn?: boolean;
  /**
   * Inbound: the size of the anti-replay window in packets, 0 to 4096 as in the kernel. 0 turns it off, which is not possible
   * with `esn`. Make it larger than the network reorders. Default: 64 (RFC 4303, section 3.4.3).
   */
  replayWindow?: number;
  /**
   * Outbound: the sequence number of the first packet. Inbound: the lowest that is accepted. 1 to 2^32 - 1, or to 2^64 - 1 with
   * `esn`. For going on with a security association where another process stopped. Default: 1.
   */
  initialSequence?: number | bigint;
}

/** The options, checked and complete. */
export interface EspSettings extends EspNativeOptions {
  mode: 'tunnel' | 'transport';
  initialSequence: bigint;
  /** Outbound has an outer header to write, or needs none. */
  canSend: boolean;
}

const ALGORITHMS = ['rfc4106(gcm(aes))', 'rfc7539esp(chacha20,poly1305)'];
const DONT_FRAGMENT = ['copy', 'set', 'clear'];
const TUNNEL_ONLY = ['source', 'destination', 'hopLimit', 'dontFragment', 'dscp'] as const;
const MAX_REPLAY_WINDOW = 4096;

function checkOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  const text = `one of ${allowed.map((one) => `'${one}'`).join(', ')}`;
  if (typeof value !== 'string') throw typeError(name, text, value);
  if (!allowed.includes(value)) throw rangeError(name, text, value);
}

function checkSequence(value: unknown, esn: boolean): bigint {
  const name = 'options.initialSequence';
  if (typeof value !== 'number' && typeof value !== 'bigint') throw typeError(name, 'an integer or a bigint', value);
  const last = esn ? 2n ** 64n - 1n : 2n ** 32n - 1n;
  if ((typeof value === 'number' && !Number.isSafeInteger(value)) || value < 1 || value > last) {
    throw rangeError(name, `an integer >= 1 and <= ${last}`, value);
  }
  return BigInt(value);
}

function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
}

function outerAddresses({
  source,
  destination,
}: EspOptions): { source: Uint8Array; destination: Uint8Array } | undefined {
  if (source === undefined && destination === undefined) return undefined;
  const bytes = {
    source: addressBytes('options.source', source),
    destination: addressBytes('options.destination', destination),
  };
  if (bytes.source.length !== bytes.destination.length) {
    throw rangeError('options.destination', 'an address of the same IP version as options.source', destination);
  }
  return bytes;
}

function tunnelSettings(options: EspOptions): Pick<EspSettings, 'tunnel' | 'canSend'> {
  if (options.mode === 'transport') {
    for (const name of TUNNEL_ONLY) {
      if (options[name] !== undefined) throw typeError(`options.${name}`, 'undefined in transport mode', options[name]);
    }
    return { tunnel: undefined, canSend: true };
  }
  const { hopLimit = 64, dontFragment = 'copy', dscp = 'copy' } = options;
  checkInteger('options.hopLimit', hopLimit, 1, 255);
  checkOneOf('options.dontFragment', dontFragment, DONT_FRAGMENT);
  if (dscp !== 'copy') checkInteger('options.dscp', dscp, 0, 63);
  const addresses = outerAddresses(options);
  const tunnel = {
    ...(addresses ?? { source: new Uint8Array(4), destination: new Uint8Array(4) }),
    hopLimit,
    dontFragment: DONT_FRAGMENT.indexOf(dontFragment),
    dscp: dscp === 'copy' ? undefined : dscp,
  };
  return { tunnel, canSend: addresses !== undefined };
}

/** Checks all of the options but what only native code knows: key and authSize. */
export function checkEspOptions(options: EspOptions): EspSettings {
  if (options === undefined) throw typeError('options', 'an object', options);
  checkOptions('options', options);
  const { spi, key, authSize, mode, esn = false, replayWindow = 64, initialSequence = 1 } = options;
  const { algorithm = 'rfc4106(gcm(aes))' } = options;
  checkInteger('options.spi', spi, 256, 2 ** 32 - 1);
  checkBytes('options.key', key);
  checkOneOf('options.algorithm', algorithm, ALGORITHMS);
  if (authSize !== undefined) checkInteger('options.authSize', authSize, 0, 16);
  checkOneOf('options.mode', mode, ['tunnel', 'transport']);
  checkBoolean('options.esn', esn);
  checkInteger('options.replayWindow', replayWindow, esn ? 1 : 0, MAX_REPLAY_WINDOW);
  return {
    algorithm,
    key,
    authSize,
    spi,
    mode,
    extendedSequence: esn,
    replayWindow,
    initialSequence: checkSequence(initialSequence, esn),
    ...tunnelSettings(options),
  };
}
