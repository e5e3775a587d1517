import { createDecipheriv, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CaptureOptions, Entry } from '../support/capture.js';
import { capture, ethernet, ipv4, ipv6, records } from '../support/capture.js';
import { inFolder, padata, realCapture } from '../support/cli.js';

const key = randomBytes(36);
const chachaKey = randomBytes(36);

/** Runs `padata esp` on bytes, from file to file, with a key that is right. */
async function esp(direction: 'encrypt' | 'decrypt', input: Uint8Array, options: string[] = [], secret = key) {
  return inFolder(async (folder) => {
    const [from, to, keyFile] = ['in.pcap', 'out.pcap', 'key'].map((name) => join(folder, name));
    await writeFile(from, input);
    await writeFile(keyFile, secret.toString('hex'), { mode: 0o600 });
    const ended = await padata([
      'esp',
      direction,
      from,
      to,
      '--spi',
      '0x1001',
      '--key-file',
      keyFile,
      '--json',
      ...options,
    ]);
    const output = await readFile(to).catch(() => undefined);
    const summary = ended.stdout.length > 0 ? JSON.parse(ended.stdout.toString()) : undefined;
    return { ...ended, output, summary };
  });
}

/** Encrypts what must go through, and returns the capture. */
async function sealed(input: Uint8Array, options: string[] = [], secret = key): Promise<Buffer> {
  const { status, output, stderr } = await esp('encrypt', input, options, secret);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return output as Buffer;
}

/** Packets of many sizes, with distinct bytes and times. */
function entries(count: number, make: (length: number, seed: number) => Buffer): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    bytes: make(60 + ((i * 7919) % 1400), i),
    seconds: 1000 + i,
    fraction: (i * 104729) % 1_000_000,
  }));
}

/** The bytes and times of a capture, for comparison. */
const contents = (file: Buffer) =>
  records(file).map(({ bytes, seconds, fraction }) => `${seconds}.${fraction} ${bytes.toString('hex')}`);

/** A capture of 200 packets in each link layer and format. */
const formats: [string, CaptureOptions, (length: number, seed: number) => Buffer][] = [
  ['raw IPv4', { linkType: 101 }, ipv4],
  ['raw IPv6, big endian', { linkType: 12, littleEndian: false }, ipv6],
  ['Ethernet and IPv4', { linkType: 1 }, (n, i) => ethernet(ipv4(n, i), 0x0800)],
  [
    'Ethernet, two VLAN tags, IPv6, ns',
    { linkType: 1, nanoseconds: true },
    (n, i) => ethernet(ipv6(n, i), 0x86dd, [0x88a8, 0x8100]),
  ],
  [
    'Linux cooked v2, both versions, big endian',
    { linkType: 276, littleEndian: false, nanoseconds: true },
    (n, i) => {
      const header = Buffer.alloc(20, i);
      header.writeUInt16BE(i % 2 ? 0x0800 : 0x86dd, 0);
      return Buffer.concat([header, i % 2 ? ipv4(n, i) : ipv6(n, i)]);
    },
  ],
];

const associations = [
  ['--mode', 'tunnel'],
  ['--mode', 'transport'],
  ['--mode', 'tunnel', '--esn', '--source', 'fd00::a', '--destination', 'fd00::b'],
  ['--mode', 'transport', '--algorithm', 'rfc7539esp(chacha20,poly1305)', '--parallel', '0', '--serial', '0'],
];

describe.each(formats)('a capture of %s', (_name, options, make) => {
  const input = capture(entries(200, make), options);

  it.each(associations)('comes back as it was: %s %s %s %s', async (...association) => {
    const secret = association.includes('--algorithm') ? chachaKey : key;
    const encrypted = await sealed(input, association, secret);
    const plain = contents(input);
    expect(contents(encrypted).filter((packet, i) => packet === plain[i])).toEqual([]);
    const { status, output, summary } = await esp('decrypt', encrypted, association, secret);
    expect(status).toBe(0);
    expect(contents(output as Buffer)).toEqual(plain);
    expect((output as Buffer).subarray(0, 16).equals(input.subarray(0, 16))).toBe(true);
    expect(summary.packets).toEqual({ read: 200, written: 200, copied: 0, dropped: {}, failed: {} });
  });
});

describe('an encrypted capture', () => {
  it('has the sequence numbers in order, and the packets of RFC 4303 and 4106', async () => {
    const input = capture(entries(500, ipv4));
    const plain = records(input);
    const options = ['--source', '198.51.100.7', '--destination', '203.0.113.9'];
    records(await sealed(input, options)).forEach(({ bytes, original }, i) => {
      expect(original).toBe(bytes.length);
      expect([bytes.readUInt16BE(2), bytes[9], bytes.readUInt32BE(12), bytes.readUInt32BE(16)]).toEqual([
        bytes.length,
        50,
        0xc6336407,
        0xcb007109,
      ]);
      expect([bytes.readUInt32BE(20), bytes.readUInt32BE(24)]).toEqual([0x1001, i + 1]);
      const nonce = Buffer.concat([key.subarray(32), bytes.subarray(28, 36)]);
      const decipher = createDecipheriv('aes-256-gcm', key.subarray(0, 32), nonce);
      decipher.setAAD(bytes.subarray(20, 28)).setAuthTag(bytes.subarray(-16));
      const inside = Buffer.concat([decipher.update(bytes.subarray(36, -16)), decipher.final()]);
      expect(inside.subarray(0, plain[i].bytes.length).equals(plain[i].bytes)).toBe(true);
      expect(inside.at(-1)).toBe(4);
    });
  });

  it('announces the version of the outer header in its link layer', async () => {
    const input = capture([{ bytes: ethernet(ipv4(100), 0x0800, [0x8100]) }], { linkType: 1 });
    const [packet] = records(await sealed(input, ['--source', 'fd00::1', '--destination', 'fd00::2']));
    expect(packet.bytes.subarray(12, 19).toString('hex')).toBe('8100000186dd60');
  });
});

describe('the sequence numbers', () => {
  const input = capture(entries(3, ipv4));
  const numbers = (file: Buffer) => records(file).map(({ bytes }) => bytes.readUInt32BE(24));

  it('go on where another run stopped', async () => {
    const first = await esp('encrypt', input);
    expect(first.summary.nextSequence).toBe('4');
    const second = await sealed(input, ['--sequence', first.summary.nextSequence]);
    expect(numbers(second)).toEqual([4, 5, 6]);
    const both = Buffer.concat([first.output as Buffer, second.subarray(24)]);
    expect(await esp('decrypt', both)).toMatchObject({
      status: 0,
      summary: { nextSequence: '7', packets: { written: 6 } },
    });
    const late = await esp('decrypt', both, ['--sequence', '4']);
    expect(late.summary.packets).toMatchObject({ written: 3, dropped: { replay: 3 } });
  });

  it('end a run when they are used up, and what was encrypted is kept', async () => {
    const { status, stderr, summary } = await esp('encrypt', input, ['--sequence', '0xfffffffe']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/EOVERFLOW: all sequence numbers/);
    expect(summary).toMatchObject({ output: expect.stringMatching(/\.part$/), packets: { written: 2 } });
  });

  it('have 64 bits where that is agreed on', async () => {
    const options = ['--esn', '--sequence', '0x1fffffffe'];
    const encrypted = await sealed(input, options);
    expect(numbers(encrypted)).toEqual([0xfffffffe, 0xffffffff, 0]);
    expect((await esp('decrypt', encrypted, options)).summary).toMatchObject({ nextSequence: String(0x200000001) });
    expect((await esp('decrypt', encrypted, ['--esn'])).summary.packets.failed).toEqual({ EBADMSG: 3 });
  });
});

describe('a shorter integrity check value', () => {
  it('is agreed on by both sides', async () => {
    const input = capture(entries(3, ipv4));
    const encrypted = await sealed(input, ['--auth-size', '8']);
    expect(encrypted.length).toBe((await sealed(input)).length - 3 * 8);
    expect((await esp('decrypt', encrypted, ['--auth-size', '8'])).status).toBe(0);
    expect((await esp('decrypt', encrypted)).summary.packets.failed).toEqual({ EBADMSG: 3 });
  });
});

describe('what is not encrypted', () => {
  const arp = ethernet(Buffer.alloc(28, 1), 0x0806);
  const good = ethernet(ipv4(100, 7), 0x0800);
  const mixed = capture(
    [
      { bytes: arp },
      { bytes: good },
      { bytes: ethernet(ipv4(1000), 0x0800).subarray(0, 96), original: 1014 },
      { bytes: ethernet(Buffer.alloc(40, 0x45).fill(0, 2, 4), 0x0800) },
      { bytes: Buffer.concat([ethernet(ipv4(30, 8), 0x0800), Buffer.alloc(16)]), original: 60 },
      { bytes: arp.subarray(0, 20), original: 42 },
    ],
    { linkType: 1 },
  );

  it('is counted and dropped', async () => {
    const { status, summary, output } = await esp('encrypt', mixed);
    expect(status).toBe(0);
    expect(summary.packets).toEqual({
      read: 6,
      written: 2,
      copied: 0,
      dropped: { 'not-ip': 2, truncated: 1, malformed: 1 },
      failed: {},
    });
    expect(records(output as Buffer)).toHaveLength(2);
  });

  it('is copied in its place where that is asked for; padding of Ethernet is not part of a packet', async () => {
    const encrypted = await sealed(mixed, ['--copy-non-ip']);
    expect(records(encrypted)[0].bytes.equals(arp)).toBe(true);
    const { summary, output } = await esp('decrypt', encrypted, ['--copy-non-ip']);
    expect(summary.packets).toEqual({ read: 4, written: 2, copied: 2, dropped: {}, failed: {} });
    const packets = records(output as Buffer);
    expect(packets.map(({ bytes }) => bytes.length)).toEqual([arp.length, good.length, 14 + 30, 20]);
    expect(packets[1].bytes.equals(good)).toBe(true);
    expect(packets[3].original).toBe(42);
  });
});

describe('what cannot be decrypted', () => {
  const input = capture(entries(5, ipv4));

  it('fails in its place, and the others go through in order', async () => {
    const encrypted = Buffer.from(await sealed(input));
    const second = encrypted.indexOf(records(encrypted)[1].bytes);
    encrypted[second + 50] ^= 1;
    const { status, summary, output } = await esp('decrypt', encrypted);
    expect(status).toBe(1);
    expect(summary).toMatchObject({ error: null, packets: { read: 5, written: 4, failed: { EBADMSG: 1 } } });
    expect(contents(output as Buffer)).toEqual(contents(input).filter((_, i) => i !== 1));
  });

  it('is all of it with another key, and nothing is written', async () => {
    const { status, summary, output } = await esp('decrypt', await sealed(input), [], randomBytes(36));
    expect(status).toBe(1);
    expect(summary.packets).toMatchObject({ written: 0, failed: { EBADMSG: 5 } });
    expect(output).toHaveLength(24);
  });

  it('is dropped if it is not ESP or has another SPI, and a failure if that is all', async () => {
    const plain = await esp('decrypt', input);
    expect(plain).toMatchObject({ status: 1, summary: { packets: { written: 0, dropped: { 'not-esp': 5 } } } });
    const encrypted = await sealed(input);
    const other = await esp('decrypt', encrypted, ['--spi', '777']);
    expect(other).toMatchObject({ status: 1, summary: { packets: { written: 0, dropped: { 'other-spi': 5 } } } });
    const both = await esp('decrypt', Buffer.concat([encrypted, input.subarray(24)]));
    expect(both).toMatchObject({ status: 0, summary: { packets: { written: 5, dropped: { 'not-esp': 5 } } } });
  });

  it('is dropped when it is a replay, unless there is no window', async () => {
    const encrypted = await sealed(input);
    const twice = Buffer.concat([encrypted, encrypted.subarray(24)]);
    const guarded = await esp('decrypt', twice);
    expect(guarded).toMatchObject({ status: 0, summary: { packets: { written: 5, dropped: { replay: 5 } } } });
    const open = await esp('decrypt', twice, ['--replay-window', '0']);
    expect(open).toMatchObject({ status: 0, summary: { packets: { written: 10, dropped: {} } } });
  });
});

describe('real traffic', () => {
  const path = realCapture();
  if (!path) console.log('skipped: the capture of real traffic is not there');

  it.runIf(path)('comes back as it was, in both modes', async () => {
    const input = await readFile(path as string);
    const packets = records(input).map(({ bytes }) => bytes.subarray(0, 14 + bytes.readUInt16BE(16)).toString('hex'));
    for (const mode of ['tunnel', 'transport']) {
      const encrypted = await esp('encrypt', input, ['--mode', mode]);
      const { output } = await esp('decrypt', encrypted.output as Buffer, ['--mode', mode]);
      // In transport mode, fragments cannot be encrypted (RFC 4303 section 3.3.4).
      const whole = (hex: string) => mode === 'tunnel' || (Number.parseInt(hex.slice(40, 44), 16) & 0x3fff) === 0;
      const expected = packets.filter(whole);
      expect(encrypted.summary.packets.written).toBe(expected.length);
      expect(encrypted.status).toBe(expected.length === packets.length ? 0 : 1);
      expect(records(output as Buffer).map(({ bytes }) => bytes.toString('hex'))).toEqual(expected);
    }
  });
});
