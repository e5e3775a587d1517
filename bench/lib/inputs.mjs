/**
 * The inputs of jobs.
 */

/** What an Ethernet frame carries of an ESP packet: the size of the jobs with bytes, where nothing else is said. */
export const packetSize = 1420;

/** @param {number} size */
export function echoInput(size) {
  return new Uint8Array(size).fill(0x5a);
}

/** The input of churn() in backends/workers/functions.mjs. @param {number} rounds */
export function churnInput(rounds) {
  const bytes = echoInput(packetSize);
  new DataView(bytes.buffer).setUint32(0, rounds, true);
  return bytes;
}
