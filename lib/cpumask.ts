/** `CpuMask`: an immutable set of CPUs, in the formats of the kernel. */
import { inspect } from 'node:util';
import type { MaskWords } from './binding.js';
import { formatBitmap, formatList, MAX_CPUS, nrCpuIds, parseHex, parseText } from './internal/cpumask-text.js';
import { checkInteger, rangeError, typeError } from './internal/validate.js';

/** What stands for a set of CPUs wherever one is asked for; {@link CpuMask.from} says how each is read. */
export type CpuMaskLike = CpuMask | string | bigint | Iterable<number>;

/** Keeps the constructor to this file, also in JavaScript. */
const KEY = Symbol('CpuMask');

/** Makes a mask of words that nobody else will write to. For the package itself; set by the class. */
export let maskFromWords: (words: MaskWords) => CpuMask;

/** The words of a mask, not to be written to. For the package itself; set by the class. */
export let wordsOf: (mask: CpuMask) => MaskWords;

/**
 * An immutable set of CPUs, like the kernel's `struct cpumask`, of any size: CPU numbers are 0 to 65535.
 *
 * It is made from text, numbers or other masks, and iterates over its CPUs in ascending order:
 *
 * ```js
 * const mask = CpuMask.parseList('0-3,8');
 * [...mask];                     // [0, 1, 2, 3, 8]
 * mask.toString(16);             // '010f', as a kernel with 16 CPUs prints it
 * mask.andNot('0').toList();     // '1-3,8'
 * ```
 *
 * Methods that take another mask take all that {@link CpuMask.from} does.
 */
export class CpuMask implements Iterable<number> {
  static {
    maskFromWords = (words) => new CpuMask(words, KEY);
    wordsOf = (mask) => mask.#words;
  }

  readonly #words: MaskWords;

  /** How many CPUs are in the mask. */
  readonly weight: number;

  private constructor(words: MaskWords, key: symbol) {
    if (key !== KEY) throw new TypeError('CpuMask cannot be made with new. Use CpuMask.from');
    let size = words.length;
    while (size > 0 && words[size - 1] === 0) size--;
    this.#words = words.subarray(0, size);
    this.weight = this.#words.reduce((sum, word) => sum + bitCount(word), 0);
  }

  /**
   * Reads the kernel's bitmap format, which the `*_cpumask` files of sysfs take: hexadecimal words of 32 CPUs each, the
   * highest first, with commas or white space between them; `'f'` is CPUs 0 to 3, `'1,00000000'` is CPU 32. The first
   * newline or NUL ends the text. No `0x`, no ranges. `''` is the empty mask (only a *write* of nothing to such a file
   * leaves its mask as it is).
   *
   * The rules are those of a kernel 6.1, with one exception: it overlooks a wrong character directly in front of a word
   * of eight digits (`'x0000000f'`); that is a slip of its parser, and EINVAL here.
   *
   * @param nrCpus refuse what a kernel with that many CPUs refuses; 1 to 65536, which is also the default
   * @throws {PadataError} EINVAL: a character that does not belong there. EOVERFLOW: a word of more than eight digits,
   *   more words than `nrCpus` needs, or a CPU at or above it. The message says where.
   */
  static parse(bitmap: string, nrCpus?: number): CpuMask {
    checkText('bitmap', bitmap, nrCpus);
    return maskFromWords(parseText('bitmap', bitmap, 'CpuMask.parse', nrCpus));
  }

  /**
   * Reads the kernel's list format, which `cpuset.cpus` and `isolcpus=` take: CPUs (`'8'`), ranges (`'0-3'`) and ranges
   * with groups (`'0-31:1/2'`: of each 2 CPUs from 0 on the first 1), with commas or white space between them.
   *
   * With `nrCpus`, `'N'` is the last CPU (`'4-N'`) and `'all'` every one. Without it they are refused, for their
   * meaning depends on the machine; `cpus.possible()` is all CPUs of this one.
   *
   * @param nrCpus refuse what a kernel with that many CPUs refuses; 1 to 65536, which is also the default
   * @throws {PadataError} EINVAL: a character that does not belong there, a range that runs backwards, a senseless
   *   group. ERANGE: a CPU at or above `nrCpus`. EOVERFLOW: a number of more than 32 bits. The message says where.
   */
  static parseList(list: string, nrCpus?: number): CpuMask {
    checkText('list', list, nrCpus);
    return maskFromWords(parseText('list', list, 'CpuMask.parseList', nrCpus));
  }

  /**
   * Makes a mask of whatever stands for one:
   *
   * - a `CpuMask`: itself;
   * - a string: list text as {@link parseList} takes it (`'0-3,8'`); with `0x` in front, a bitmap: one hexadecimal
   *   number of any length (`'0xf'`, as `taskset` takes it), or the words that {@link parse} takes (`'0x1,00000000'`);
   * - a bigint: a bitmap (`0xfn` is CPUs 0 to 3);
   * - an iterable of CPU numbers: an array, a `Set`, a generator, in any order.
   *
   * A plain number is refused: it could be a CPU or a bitmap.
   *
   * @throws {TypeError} for anything else, or an iterable of anything else
   * @throws {RangeError} a CPU number, or a bit of the bigint, outside 0 to 65535
   * @throws {PadataError} EINVAL, EOVERFLOW or ERANGE: the text is refused; the message says where
   */
  static from(mask: CpuMaskLike): CpuMask {
    return toCpuMask(mask, 'mask');
  }

  /** The mask of the given CPU numbers, each 0 to 65535. */
  static of(...cpus: number[]): CpuMask {
    return fromCpus(cpus, 'cpus');
  }

  /** Whether the CPU, 0 to 65535, is in the mask. */
  has(cpu: number): boolean {
    checkInteger('cpu', cpu, 0, MAX_CPUS - 1);
    return ((this.#words[cpu >>> 5] ?? 0) & (1 << (cpu & 31))) !== 0;
  }

  /** The lowest CPU; `undefined` if the mask is empty. */
  first(): number | undefined {
    return this[Symbol.iterator]().next().value;
  }

  /** The CPUs that are in both masks. */
  and(other: CpuMaskLike): CpuMask {
    const words = toCpuMask(other, 'other').#words;
    return maskFromWords(this.#words.map((word, i) => word & (words[i] ?? 0)));
  }

  /** The CPUs that are in this mask, in the other, or in both. */
  or(other: CpuMaskLike): CpuMask {
    const words = toCpuMask(other, 'other').#words;
    const [longer, shorter] = words.length > this.#words.length ? [words, this.#words] : [this.#words, words];
    return maskFromWords(longer.map((word, i) => word | (shorter[i] ?? 0)));
  }

  /** The CPUs of this mask that are not in the other. */
  andNot(other: CpuMaskLike): CpuMask {
    const words = toCpuMask(other, 'other').#words;
    return maskFromWords(this.#words.map((word, i) => word & ~(words[i] ?? 0)));
  }

  /** Whether both masks have the same CPUs. */
  equals(other: CpuMaskLike): boolean {
    const words = toCpuMask(other, 'other').#words;
    return words.length === this.#words.length && words.every((word, i) => word === this.#words[i]);
  }

  isEmpty(): boolean {
    return this.#words.length === 0;
  }

  /**
   * The mask in the bitmap format as the kernel prints it: lower case, words of eight digits, the highest one padded to
   * the digits that `nrCpus` needs. `'00,0000000f'` is CPUs 0 to 3 with `nrCpus` = 40.
   *
   * @param nrCpus 1 to 65536; the highest possible CPU of this machine plus one by default. A mask with higher CPUs is
   *   printed as wide as it needs to be, so that none is lost.
   */
  toString(nrCpus: number = nrCpuIds()): string {
    checkInteger('nrCpus', nrCpus, 1, MAX_CPUS);
    return formatBitmap(this.#words, nrCpus);
  }

  /** The mask in the list format as the kernel prints it: `'0-3,8'`; `''` if it is empty. */
  toList(): string {
    return formatList(this.#words);
  }

  /** The CPUs in ascending order. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.#words.length; i++) {
      for (let word = this.#words[i]!; word !== 0; word &= word - 1) yield i * 32 + 31 - Math.clz32(word & -word);
    }
  }

  /** The list text, which {@link CpuMask.from} takes. */
  toJSON(): string {
    return this.toList();
  }

  /** What `console.log` shows: `CpuMask(0-3,8)`. */
  [inspect.custom](): string {
    return `CpuMask(${this.toList()})`;
  }
}

/**
 * {@link CpuMask.from} for an argument of another name, which the errors for wrong types then mention. For the package
 * itself.
 */
export function toCpuMask(mask: CpuMaskLike, name: string): CpuMask {
  if (mask instanceof CpuMask) return mask;
  if (typeof mask === 'string') return fromText(mask, name);
  if (typeof mask === 'bigint') return fromBigInt(mask, name);
  if (typeof mask === 'object' && typeof mask?.[Symbol.iterator] === 'function') return fromCpus(mask, name);
  throw typeError(
    name,
    'a CpuMask, a list such as "0-3,8", a bitmap such as "0xf", a bigint or an iterable of CPUs',
    mask,
  );
}

function checkText(name: string, text: unknown, nrCpus: unknown): asserts text is string {
  if (typeof text !== 'string') throw typeError(name, 'a string', text);
  if (nrCpus !== undefined) checkInteger('nrCpus', nrCpus, 1, MAX_CPUS);
}

function fromText(text: string, name: string): CpuMask {
  const argument = `"${name}": `;
  if (/^0x/i.test(text)) return maskFromWords(parseHex(text, 'CpuMask.from', argument));
  return maskFromWords(parseText('list', text, 'CpuMask.from', undefined, argument));
}

function fromBigInt(bits: bigint, name: string): CpuMask {
  if (bits < 0n || bits >> BigInt(MAX_CPUS) !== 0n)
    throw rangeError(name, `a bitmap of CPUs 0 to ${MAX_CPUS - 1}`, bits);
  return maskFromWords(parseHex(`0x${bits.toString(16)}`, 'CpuMask.from'));
}

function fromCpus(cpus: Iterable<number>, name: string): CpuMask {
  const words: number[] = [];
  for (const cpu of cpus) {
    checkInteger(`${name}[]`, cpu, 0, MAX_CPUS - 1);
    const index = cpu >>> 5;
    while (words.length <= index) words.push(0);
    words[index]! |= 1 << (cpu & 31);
  }
  return maskFromWords(Uint32Array.from(words));
}

/** How many bits of a word are set: in pairs, then in fours, then in eights. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
