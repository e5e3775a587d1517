/**
 * The file that `node --perf-prof` writes: which machine code V8 has made of which function, and of which of its lines. The format is that of the
 * kernel's tools/perf/Documentation/jitdump-specification.txt.
 */
import { readFileSync } from 'node:fs';

const CODE_LOAD = 0;
const DEBUG_INFO = 2;
/** V8 counts the addresses of lines from behind an ELF header that perf would put before the code. */
const ELF_HEADER = 0x40;

/**
 * @typedef {object} Code
 * @property {number} begin address
 * @property {number} end
 * @property {string} name with V8's mark for the compiler: `*` for optimized code
 * @property {{ address: number, line: number }[]} lines ascending; the line of an inlined function is one of its own file
 */

/**
 * The code that was at an address last.
 *
 * @param {string} file
 * @returns {Code[]} ascending
 */
export function readJitDump(file) {
  const dump = readFileSync(file);
  /** @type {Map<number, Code>} */
  const codes = new Map();
  /** @type {Code['lines']} */
  let lines = [];
  let at = dump.readUInt32LE(8);
  while (at + 16 <= dump.length) {
    const kind = dump.readUInt32LE(at);
    const size = dump.readUInt32LE(at + 4);
    if (size === 0) break;
    const body = at + 16;
    if (kind === DEBUG_INFO) {
      lines = readLines(dump, body);
    } else if (kind === CODE_LOAD) {
      const begin = word(dump, body + 16);
      const name = dump.toString('latin1', body + 40, dump.indexOf(0, body + 40));
      codes.set(begin, { begin, end: begin + word(dump, body + 24), name, lines });
      lines = [];
    }
    at += size;
  }
  return [...codes.values()].sort((one, other) => one.begin - other.begin);
}

/** @param {Buffer} dump @param {number} at */
function readLines(dump, at) {
  const count = word(dump, at + 8);
  /** @type {Code['lines']} */
  const lines = [];
  for (let i = 0, entry = at + 16; i < count; i++) {
    lines.push({ address: word(dump, entry) - ELF_HEADER, line: dump.readInt32LE(entry + 8) });
    entry = dump.indexOf(0, entry + 16) + 1;
  }
  return lines;
}

/** @param {Buffer} dump @param {number} at */
const word = (dump, at) => Number(dump.readBigUInt64LE(at));

/**
 * The last of a sorted list that begins at or before a position.
 *
 * @template T
 * @param {T[]} sorted
 * @param {(item: T) => number} begin
 * @param {number} position
 * @returns {T | undefined}
 */
export function lastBefore(sorted, begin, position) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begin(/** @type {T} */ (sorted[middle])) <= position) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}
