/** What multithreaded jobs do. */

/**
 * An in-place transform of words that all share.
 *
 * @param {number} start
 * @param {number} end
 * @param {{ shared: SharedArrayBuffer }} arg
 */
export function mix(start, end, { shared }) {
  const words = new Int32Array(shared);
  for (let i = start; i < end; i++) words[i] = Math.imul(words[i] ^ i, 0x01000193);
}
