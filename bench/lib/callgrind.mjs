/** What valgrind's callgrind has written with --dump-instr=yes. */
import { readFileSync } from 'node:fs';

/**
 * How often each instruction was executed, by its address; calls and what they cost are left out.
 *
 * @param {string} file
 */
export function instructionCounts(file) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  let address = 0;
  let isCall = false;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.startsWith('calls=')) {
      isCall = true;
    } else if (/^[+\-*0]/.test(line)) {
      const [position, , count] = line.split(' ');
      address = addressOf(/** @type {string} */ (position), address);
      if (!isCall) counts.set(address, (counts.get(address) ?? 0) + Number(count));
      isCall = false;
    }
  }
  return counts;
}

/** Positions are relative to the one before, or absolute. @param {string} position @param {number} before */
function addressOf(position, before) {
  if (position === '*') return before;
  if (position.startsWith('+')) return before + Number(position.slice(1));
  if (position.startsWith('-')) return before - Number(position.slice(1));
  return Number(position);
}
