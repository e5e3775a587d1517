import type { Tally } from './packets.js';
import { count, plural, size } from './text.js';

/** What a run of `padata esp` came to; with `--json` it is printed as it is. */
export interface Summary {
  command: 'encrypt' | 'decrypt';
  /** Where the packets were written; null if there were none before the run ended early. */
  output: string | null;
  /** What ended the run early; null if the whole capture was read and written. */
  error: string | null;
  mode: string;
  algorithm: string;
  spi: number;
  /** Where to go on with this key: the first sequence number that was not used; decrypt: one more than the highest seen. */
  nextSequence: string;
  /** Usable CPUs at the end, as lists. */
  parallel: string;
  serial: string;
  packets: {
    read: number;
    written: number;
    copied: number;
    dropped: Record<string, number>;
    failed: Record<string, number>;
  };
  /** Sizes of the two captures. */
  bytes: { read: number; written: number };
  seconds: number;
  packetsPerSecond: number;
  /** Of the capture that was read. */
  bytesPerSecond: number;
  /** The most memory that the process had, in bytes. */
  maxRss: number;
}

/** The counts of a tally, for JSON. */
export function packetCounts(tally: Tally): Summary['packets'] {
  const { read, written, copied, dropped, failed } = tally;
  return { read, written, copied, dropped: Object.fromEntries(dropped), failed: Object.fromEntries(failed) };
}

/** Whether the run did what it was for: no packet failed, and there is something to show for those that were read. */
export function wentThrough({ packets }: Summary): boolean {
  const some = packets.read === 0 || packets.written + packets.copied > 0;
  return some && Object.keys(packets.failed).length === 0;
}

/** What each reason to drop or to fail means, for people. */
const meanings: Record<string, string> = {
  'not-ip': 'no IP packet in the frame; --copy-non-ip keeps them',
  truncated: 'the capture does not have all of the packet',
  malformed: 'the IP header cannot be right, or has no length',
  'not-esp': 'not an ESP packet',
  'other-spi': 'of another security association',
  replay: 'there before, or older than the replay window',
  dummy: 'a dummy packet',
  EBADMSG: 'the integrity check failed: wrong key, or changed on the way',
  EINVAL: 'what was inside is no packet for this mode',
  EMSGSIZE: 'longer than an IP packet can be',
  EOPNOTSUPP: 'a fragment; only tunnel mode takes them, and only outbound',
};

/** The summary for people: a line for what was done, and one for each reason why a packet was not written. */
export function summaryText(summary: Summary): string {
  const { packets, bytes, seconds } = summary;
  const copied = packets.copied > 0 ? ` and copied ${count(packets.copied)}` : '';
  const lines = [
    `${summary.command}ed ${count(packets.written)}${copied} of ${plural(packets.read, 'packet')}, ` +
      `${size(bytes.read)} to ${size(bytes.written)}, in ${seconds.toFixed(2)} s: ` +
      `${count(summary.packetsPerSecond)} packets/s, ${size(summary.bytesPerSecond)}/s`,
    ...(summary.command === 'encrypt' ? [`next sequence number: ${summary.nextSequence}`] : []),
    ...reasons('dropped', packets.dropped),
    ...reasons('failed', packets.failed),
  ];
  if (summary.error !== null) lines.push(`not complete; ${place(summary.output)}`);
  return lines.join('\n');
}

/** Where the packets of a run are that ended early. */
function place(output: string | null): string {
  if (output === null) return 'nothing was written';
  return output === '-' ? 'the capture on standard output is cut short' : `the packets so far are in ${output}`;
}

function reasons(what: string, counts: Record<string, number>): string[] {
  return Object.entries(counts).map(([reason, number]) => {
    const meaning = meanings[reason];
    return `${what} ${count(number)}: ${reason}${meaning ? ` (${meaning})` : ''}`;
  });
}
