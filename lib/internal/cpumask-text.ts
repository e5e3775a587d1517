/** Texts of cpumasks: calls of the one parser, which is native, and errors that say what was found and where. */
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { binding, type MaskRefusal, type MaskWords } from '../binding.js';
import { PadataError } from '../errors.js';

/** CPU numbers are 0 to `MAX_CPUS - 1`: eight times what the largest kernel configuration has. As in the core. */
export const MAX_CPUS = 65536;

type TextFormat = 'bitmap' | 'list';

const native = binding.cpumask;

const EXPECTED: Record<TextFormat, string> = {
  bitmap: 'hexadecimal words of 32 CPUs each, such as "f" or "1,00000000"',
  list: 'CPUs, ranges and groups, such as "0-3,8" or "0-31:1/2"',
};

/** What an errno means for a text. */
function explain(format: TextFormat, errno: number, nrCpus: number | undefined): string {
  const limit = nrCpus ?? MAX_CPUS;
  if (errno === constants.errno.ERANGE) return `a CPU at or above ${limit}`;
  if (errno === constants.errno.EOVERFLOW) {
    return format === 'list'
      ? 'a number of more than 32 bits'
      : `a word of more than 8 digits, or more than ${limit} CPUs`;
  }
  const all = format === 'list' && nrCpus === undefined ? '; "all" and "N" need nrCpus' : '';
  return `expected ${EXPECTED[format]}${all}`;
}

function excerpt(text: string): string {
  return inspect(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The error for a refused text. */
function refusalError(
  format: TextFormat,
  text: string,
  refusal: MaskRefusal,
  syscall: string,
  nrCpus?: number,
  argument = '',
): PadataError {
  const { errno, position } = refusal;
  const found = /^[^\s,]+/.exec(text.slice(position, position + 64))?.[0];
  const where = found === undefined ? `offset ${position}` : `${excerpt(found)}, offset ${position}`;
  const detail = `${argument}${format} ${excerpt(text)} refused at ${where}: ${explain(format, errno, nrCpus)}`;
  return PadataError.fromErrno(-errno, syscall, detail);
}

/**
 * The words of a text in the kernel's bitmap or list format.
 *
 * @param syscall  what to call the function in an error
 * @param argument what else to begin its message with
 * @throws {PadataError} EINVAL, EOVERFLOW or ERANGE, as `native/src/core/cpumask_text.h` says
 */
export function parseText(
  format: TextFormat,
  text: string,
  syscall: string,
  nrCpus?: number,
  argument?: string,
): MaskWords {
  const result = format === 'list' ? native.parseList(text, nrCpus) : native.parse(text, nrCpus);
  if (result instanceof Uint32Array) return result;
  throw refusalError(format, text, result, syscall, nrCpus, argument);
}

/** The digits of one hexadecimal number as the kernel's words: eight digits each, counted from the end. */
function toWords(digits: string): string {
  const words = [digits.slice(0, digits.length % 8)];
  for (let at = digits.length % 8; at < digits.length; at += 8) words.push(digits.slice(at, at + 8));
  return words.join(',');
}

/**
 * The words of a bitmap with 0x in front: one hexadecimal number of any length, or the kernel's words.
 *
 * @throws {PadataError} EINVAL or EOVERFLOW
 */
export function parseHex(text: string, syscall: string, argument?: string): MaskWords {
  const digits = text.slice(2);
  const isNumber = /^[0-9a-f]*$/i.test(digits);
  const result = native.parse(isNumber ? toWords(digits.replace(/^0+/, '')) : digits);
  const refusal = (errno: number, position: number) =>
    refusalError('bitmap', text, { errno, position }, syscall, undefined, argument);
  if (digits === '') throw refusal(constants.errno.EINVAL, 2);
  if (result instanceof Uint32Array) return result;
  // A number is refused as a whole, for its length.
  throw refusal(result.errno, isNumber ? 2 : result.position + 2);
}

/** The bitmap text of a mask, see `CpuMask.toString`. */
export function formatBitmap(words: MaskWords, nrCpus: number): string {
  return native.format(words, nrCpus);
}

/** The list text of a mask, see `CpuMask.toList`. */
export function formatList(words: MaskWords): string {
  return native.formatList(words);
}

let nrCpuIdsOfMachine: number | undefined;

/** The highest possible CPU plus one: the kernel's nr_cpu_ids. It does not change while the machine runs. */
export function nrCpuIds(): number {
  if (nrCpuIdsOfMachine === undefined) {
    const words = native.possible();
    nrCpuIdsOfMachine = words.length * 32 - Math.clz32(words[words.length - 1]!);
  }
  return nrCpuIdsOfMachine;
}
