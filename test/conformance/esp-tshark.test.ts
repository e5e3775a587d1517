/**
 * RFC 4303 as another implementation reads it: tshark, given the keys, decrypts what leaves, and finds every ICV good.
 *
 * tshark is a package of its own name in Debian. Its version 4.0 knows AES-GCM with 8, 12 and 16 bytes of ICV, but neither
 * ChaCha20-Poly1305 nor extended sequence numbers: for these node:crypto is the other implementation (test/unit/esp.test.ts).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Padata } from 'padata';
import { type EspOptions, esp } from 'padata/pcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture, ipv4, ipv6 } from '../support/capture.js';

const installed = spawnSync('tshark', ['--version']).status === 0;
if (!installed) console.warn('skipped: tshark is not installed (apt-get install tshark)');

const FIELDS = ['esp.spi', 'esp.sequence', 'esp.icv_good', 'esp.icv_bad', 'udp.payload'];

/** What tshark says of each packet: the fields, the last occurrence of each. */
function tshark(file: string, authSize: number, key: Buffer): string[][] {
  const algorithm = `AES-GCM with ${authSize} octet ICV [RFC4106]`;
  const association = (version: string) =>
    `uat:esp_sa:"${version}","*","*","*","${algorithm}","0x${key.toString('hex')}","NULL",""`;
  const options = [
    'esp.enable_encryption_decode:TRUE',
    'esp.enable_authentication_check:TRUE',
    association('IPv4'),
    association('IPv6'),
  ].flatMap((option) => ['-o', option]);
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const args = ['-n', '-r', file, ...options, '-T', 'fields', '-E', 'occurrence=l', ...fields];
  const output = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

const modes: Record<string, Pick<EspOptions, 'mode' | 'source' | 'destination'>> = {
  'transport mode': { mode: 'transport' },
  'tunnel mode over IPv4': { mode: 'tunnel', source: '192.0.2.1', destination: '198.51.100.2' },
  'tunnel mode over IPv6': { mode: 'tunnel', source: '2001:db8::1', destination: '2001:db8::2' },
};

describe.skipIf(!installed)('tshark decrypts with good authentication', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'padata-tshark-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const [name, mode] of Object.entries(modes)) {
    for (const [keySize, authSize] of [
      [20, 16],
      [28, 12],
      [36, 8],
      [36, 16],
    ] as const) {
      it(`${name}, key of ${keySize} bytes, ICV of ${authSize}`, async () => {
        const key = randomBytes(keySize);
        await using padata = new Padata('tshark');
        const shell = padata.createShell();
        using association = esp({ spi: 0x1234_5678, key, authSize, ...mode });
        const packets = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? ipv4(29 + i, i) : ipv6(49 + i, i)));
        const sealed = await Promise.all(packets.map((packet) => shell.run(association.outbound, packet)));
        const file = join(folder, 'esp.pcap');
        writeFileSync(file, capture(sealed.map((bytes) => ({ bytes }))));

        const expected = packets.map((packet, i) => {
          const payload = packet.subarray(i % 2 === 0 ? 28 : 48).toString('hex');
          return ['0x12345678', `${i + 1}`, '1', '0', payload];
        });
        expect(tshark(file, authSize, key)).toEqual(expected);
      });
    }
  }

  it('and finds a changed bit (so the check is one)', async () => {
    const key = randomBytes(36);
    await using padata = new Padata('tshark');
    const shell = padata.createShell();
    using association = esp({ spi: 0x1000, key, mode: 'transport' });
    const bytes = Buffer.from(await shell.run(association.outbound, ipv4(100)));
    bytes[60] = (bytes[60] as number) ^ 1;
    const file = join(folder, 'changed.pcap');
    writeFileSync(file, capture([{ bytes }]));
    expect(tshark(file, 16, key)[0]?.slice(0, 4)).toEqual(['0x00001000', '1', '0', '1']);
  });
});
