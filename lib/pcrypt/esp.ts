/** ESP (RFC 4303) as native functions, with its sequence numbers where the order is known. */
import { PadataError } from '../errors.js';
import { explainer } from '../internal/explain.js';
import { checkRefusal, native } from '../internal/functions-binding.js';
import { freeNativeFunction, makeNativeFunction } from '../internal/make-native-function.js';
import type { Codec, InputParts } from '../internal/native-function.js';
import { stackless } from '../internal/stackless.js';
import { checkBytes } from '../internal/validate.js';
import type { NativeFunction } from '../native-function.js';
import { checkEspOptions, type EspOptions, type EspSettings } from './esp-options.js';
import { ReplayWindow, SEQUENCE_SIZE, SequenceCounter } from './sequence.js';

export type { EspOptions } from './esp-options.js';

/**
 * A security association: a key, and the sequence numbers that go with it. It is for one direction, as in RFC 4301: one end
 * uses `outbound`, the other, with the same options, `inbound`.
 */
export interface SecurityAssociation {
  readonly spi: number;
  readonly algorithm: string;
  readonly mode: 'tunnel' | 'transport';

  /**
   * An IP packet, IPv4 or IPv6, to the IP packet with ESP. What lies behind the end that the IP header states (Ethernet's
   * padding) is ignored. Checksums of IP headers are written, not checked.
   *
   * The sequence number is taken when the job is submitted; packets leave in that order. If submitting fails afterwards,
   * the number is skipped. When all are used up, submitting throws the `PadataError` `EOVERFLOW` (RFC 4303, section 3.3.3).
   *
   * In transport mode the ESP header goes behind an IPv4 header with its options, or behind IPv6's hop-by-hop options,
   * routing and fragment headers, with such destination options as stand before these; other destination options are
   * encrypted (RFC 4303, section 3.1.1).
   *
   * A job ends, in its turn, with a `PadataError`: `EINVAL` for what is not an IP packet, or is truncated; `EMSGSIZE` if
   * the result would be longer than an IP header can state (65,535 bytes; for IPv6 without its first header);
   * `EOPNOTSUPP` for a fragment in transport mode, which only takes whole datagrams (section 3.3.4).
   */
  readonly outbound: NativeFunction<Uint8Array, Uint8Array>;

  /**
   * An IP packet with ESP to the IP packet that was sent.
   *
   * The integrity check comes first, in parallel; the anti-replay window (section 3.4.3) decides in serial(), in the order of
   * submission, on the event loop: so give these jobs a closure as serial(), or use `run`, `map` or `transform`.
   *
   * A job ends, in its turn, with a `PadataError`:
   *
   * | code | meaning |
   * |---|---|
   * | `EBADMSG` | the integrity check failed. Not one byte of plaintext comes out or stays in memory |
   * | `ESTALE` | the sequence number came before, or is older than the anti-replay window (for the kernel, which drops such packets, XfrmInStateSeqError) |
   * | `ESRCH` | another SPI: no security association for it here |
   * | `EPROTONOSUPPORT` | an IP packet, but not ESP |
   * | `EOPNOTSUPP` | a fragment; datagrams have to be reassembled first (section 3.4.1) |
   * | `EINVAL` | not an IP packet, truncated, or too short for ESP; or what was sent has wrong padding, or is no packet for this mode |
   * | `ENOMSG` | a genuine dummy packet (section 2.6): discard it |
   */
  readonly inbound: NativeFunction<Uint8Array, Uint8Array>;

  /** The sequence number that the next outbound packet gets; one more than the last when all are used up. */
  readonly nextSequence: bigint;
  /** The highest sequence number that was accepted inbound: the top of the anti-replay window. */
  readonly highestSequence: bigint;

  /** Ends the use of the key, like `Aead.free()`: jobs in flight are finished, then all key material is wiped. */
  free(): void;
  [Symbol.dispose](): void;
}

const NO_ADDRESSES = 'in tunnel mode, outbound needs options.source and options.destination';

const explainOutbound = explainer({
  EINVAL: 'not an IPv4 or IPv6 packet, or truncated',
  EMSGSIZE: 'the result would be longer than an IP packet can be',
  EOPNOTSUPP: 'a fragment: transport mode takes whole datagrams only',
  EIO: 'libcrypto failed',
});

const explainInbound = explainer({
  EBADMSG: 'the integrity check failed: wrong key, or the packet was changed',
  EINVAL: 'not an IP packet, truncated, too short for ESP, or what was sent is no packet for this mode',
  ENOMSG: 'a dummy packet: discard it',
  EOPNOTSUPP: 'a fragment: datagrams have to be reassembled first',
  EPROTONOSUPPORT: 'an IP packet, but not ESP',
  ESRCH: 'another SPI: there is no security association for it here',
  EIO: 'libcrypto failed',
});

class OutboundCodec implements Codec<Uint8Array, Uint8Array> {
  readonly explain = explainOutbound;
  readonly counter: SequenceCounter;
  readonly #canSend: boolean;
  readonly #sequence = new Uint8Array(SEQUENCE_SIZE);
  readonly #view = new DataView(this.#sequence.buffer);

  constructor({ initialSequence, extendedSequence, canSend }: EspSettings) {
    this.counter = new SequenceCounter(initialSequence, extendedSequence);
    this.#canSend = canSend;
  }

  encode(packet: Uint8Array, parts: InputParts): void {
    checkBytes('job.data', packet);
    if (!this.#canSend) throw new PadataError('EINVAL', 'esp outbound', NO_ADDRESSES);
    this.counter.take(this.#view);
    parts.first = this.#sequence;
    parts.second = packet;
  }
}

class InboundCodec implements Codec<Uint8Array, Uint8Array> {
  readonly explain = explainInbound;
  readonly window: ReplayWindow;
  readonly #sequence = new Uint8Array(SEQUENCE_SIZE);
  readonly #view = new DataView(this.#sequence.buffer);

  constructor({ replayWindow, initialSequence }: EspSettings) {
    this.window = new ReplayWindow(replayWindow, initialSequence - 1n);
  }

  // The top of the window goes along: with it the upper half of an extended sequence number is found (appendix A2.2). It lags
  // behind by what is in flight, which is nothing against the 2^32 numbers that it could be off.
  encode(packet: Uint8Array, parts: InputParts): void {
    checkBytes('job.data', packet);
    this.window.writeTop(this.#view);
    parts.first = this.#sequence;
    parts.second = packet;
  }

  settle(output: Uint8Array): Uint8Array {
    const high = readUint32(output, 0);
    const low = readUint32(output, 4);
    const verdict = this.window.receive(high, low);
    if (verdict !== 'new') {
      const number = (BigInt(high) << 32n) | BigInt(low);
      const detail = `sequence number ${number} is ${verdict} (highest so far: ${this.window.top})`;
      throw stackless(() => new PadataError('ESTALE', 'esp inbound', detail));
    }
    return output.subarray(SEQUENCE_SIZE);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

class EspAssociation implements SecurityAssociation {
  readonly spi: number;
  readonly algorithm: string;
  readonly mode: 'tunnel' | 'transport';
  readonly outbound: NativeFunction<Uint8Array, Uint8Array>;
  readonly inbound: NativeFunction<Uint8Array, Uint8Array>;
  readonly #counter: SequenceCounter;
  readonly #window: ReplayWindow;

  constructor(settings: EspSettings, functions: { outbound: unknown; inbound: unknown }) {
    const outbound = new OutboundCodec(settings);
    const inbound = new InboundCodec(settings);
    this.spi = settings.spi;
    this.algorithm = settings.algorithm;
    this.mode = settings.mode;
    this.outbound = makeNativeFunction(functions.outbound, outbound);
    this.inbound = makeNativeFunction(functions.inbound, inbound);
    this.#counter = outbound.counter;
    this.#window = inbound.window;
  }

  get nextSequence(): bigint {
    return this.#counter.next;
  }

  get highestSequence(): bigint {
    return this.#window.top;
  }

  free(): void {
    freeNativeFunction(this.outbound);
    freeNativeFunction(this.inbound);
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/**
 * A security association of ESP, in tunnel or transport mode.
 *
 * ```ts
 * const tunnel = { spi: 0x1000, mode: 'tunnel', key, source: '192.0.2.1', destination: '198.51.100.2' } as const;
 * const here = esp(tunnel);    // one end
 * const there = esp(tunnel);   // the other
 * const sealed = await shell.run(here.outbound, packet);
 * const opened = await shell.run(there.inbound, sealed);   // equals packet
 * ```
 *
 * @throws TypeError, RangeError naming the option
 * @throws PadataError `ENOSYS`, `ENOENT` if there is no libcrypto with that cipher, see `aead()`
 */
export function esp(options: EspOptions): SecurityAssociation {
  const settings = checkEspOptions(options);
  const made = native.esp(settings);
  checkRefusal<{ outbound: unknown; inbound: unknown }>(made, 'esp', {
    name: ['options.algorithm', settings.algorithm],
    key: ['options.key', settings.key],
    authSize: ['options.authSize', settings.authSize],
  });
  return new EspAssociation(settings, made);
}
