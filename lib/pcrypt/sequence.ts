/**
 * Sequence numbers of ESP: 64 bits as two halves, since they are counted for each packet and a bigint is slow at that.
 */
import { PadataError } from '../errors.js';

const HALF = 2 ** 32;

/** Bytes of a sequence number as native code has it: 64 bits in network order. */
export const SEQUENCE_SIZE = 8;

/** The counter of an outbound security association (RFC 4303, 3.3.3): no number is given out twice. */
export class SequenceCounter {
  readonly #extended: boolean;
  #high: number;
  #low: number;
  #usedUp = false;

  /** @param first the first number that is given out, from 1 on */
  constructor(first: bigint, extended: boolean) {
    this.#extended = extended;
    this.#high = Number(first >> 32n);
    this.#low = Number(first & 0xffffffffn);
  }

  /** The number that comes next; one more than the last if there is none left. */
  get next(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** Takes a number and writes it. Throws EOVERFLOW when all are used up, and changes nothing then. */
  take(view: DataView): void {
    if (this.#usedUp) throw this.#overflow();
    view.setUint32(0, this.#high);
    view.setUint32(4, this.#low);
    if (++this.#low < HALF) return;
    this.#low = 0;
    this.#high++;
    this.#usedUp = !this.#extended || this.#high === HALF;
  }

  #overflow(): PadataError {
    const last = this.#extended ? '2^64 - 1' : '2^32 - 1';
    const remedy = `establish a new one with a new key${this.#extended ? '' : ', or with esn: true'}`;
    return new PadataError('EOVERFLOW', 'esp outbound', `all sequence numbers up to ${last} are used up: ${remedy}`);
  }
}

/** What the anti-replay window says of a number. */
export type Verdict = 'new' | 'replayed' | 'too old';

/**
 * The anti-replay window (RFC 4303, 3.4.3): which of the last `size` sequence numbers have come already. It needs order,
 * and so it is asked in serial().
 *
 * A ring of bits, one for each number modulo its length; those that the top moves over are cleared.
 */
export class ReplayWindow {
  readonly #size: number;
  readonly #mask: number;
  readonly #bits: Uint32Array;
  #high: number;
  #low: number;

  /**
   * @param size how many numbers it spans, the highest included; 0 lets everything pass
   * @param top  the highest number that counts as received; so do all below
   */
  constructor(size: number, top: bigint) {
    this.#size = size;
    const length = 2 ** Math.ceil(Math.log2(Math.max(size, 32)));
    this.#mask = length - 1;
    this.#bits = new Uint32Array(length / 32).fill(0xffffffff);
    this.#high = Number(top >> 32n);
    this.#low = Number(top & 0xffffffffn);
  }

  /** The highest number that was accepted. */
  get top(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  writeTop(view: DataView): void {
    view.setUint32(0, this.#high);
    view.setUint32(4, this.#low);
  }

  /** Judges a number whose packet was genuine, and remembers it. */
  receive(high: number, low: number): Verdict {
    // Exact where it matters: a double has 53 bits, and beyond them only the sign counts.
    const ahead = (high - this.#high) * HALF + (low - this.#low);
    if (ahead > 0) {
      this.#advance(high, low, ahead);
    } else if (this.#size > 0) {
      if (-ahead >= this.#size) return 'too old';
      if (this.#has(low)) return 'replayed';
    }
    this.#add(low);
    return 'new';
  }

  #advance(high: number, low: number, ahead: number): void {
    const length = this.#mask + 1;
    if (ahead >= length) {
      this.#bits.fill(0);
    } else {
      for (let i = 1; i < ahead; i++) this.#remove(this.#low + i); // the new top itself is added next
    }
    this.#high = high;
    this.#low = low;
  }

  #has(low: number): boolean {
    return ((this.#bits[(low & this.#mask) >>> 5]! >>> (low & 31)) & 1) === 1;
  }

  #add(low: number): void {
    this.#bits[(low & this.#mask) >>> 5]! |= 1 << (low & 31);
  }

  #remove(low: number): void {
    this.#bits[(low & this.#mask) >>> 5]! &= ~(1 << (low & 31));
  }
}
