import { randomBytes } from 'node:crypto';
import { Padata, type PadataError, type Shell } from 'padata';
import { type EspOptions, esp, type SecurityAssociation } from 'padata/pcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipv4, ipv6 } from '../support/capture.js';
import { type EspAlgorithm, openEsp } from '../support/esp.js';

let padata: Padata;
let shell: Shell;
beforeAll(() => {
  padata = new Padata('esp');
  shell = padata.createShell();
});
afterAll(() => padata.close());

const key = randomBytes(36);
const transport: EspOptions = { spi: 0x2001, key, mode: 'transport' };
const tunnel4: EspOptions = { spi: 0x2002, key, mode: 'tunnel', source: '192.0.2.1', destination: '198.51.100.2' };
const tunnel6: EspOptions = { spi: 0x2003, key, mode: 'tunnel', source: '2001:db8::1', destination: '2001:db8::2' };
const code = (name: string) => expect.objectContaining({ name: 'PadataError', code: name });

const seal = (association: SecurityAssociation, packet: Uint8Array) => shell.run(association.outbound, packet);
const open = (association: SecurityAssociation, packet: Uint8Array) => shell.run(association.inbound, packet);

/** Submits all at once, and tells in which order what came. */
async function openAll(association: SecurityAssociation, packets: Uint8Array[]): Promise<string[]> {
  const outcomes: string[] = [];
  await Promise.all(
    packets.map(async (packet) => {
      try {
        await open(association, packet);
        outcomes.push('ok');
      } catch (error) {
        outcomes.push((error as PadataError).code);
      }
    }),
  );
  return outcomes;
}

describe('a security association', () => {
  const algorithms: EspAlgorithm[] = ['rfc4106(gcm(aes))', 'rfc7539esp(chacha20,poly1305)'];
  for (const algorithm of algorithms) {
    for (const [name, options] of Object.entries({ transport, tunnel4, tunnel6 })) {
      it(`${name}, ${algorithm}: packets come back as they were, in order`, async () => {
        using here = esp({ ...options, algorithm });
        using there = esp({ ...options, algorithm });
        const packets = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? ipv4(40 + i, i) : ipv6(60 + i, i)));
        const sealed = await Promise.all(packets.map((packet) => seal(here, packet)));
        const opened = await Promise.all(sealed.map((packet) => open(there, packet)));
        expect(opened.map((packet) => Buffer.from(packet).toString('hex'))).toEqual(
          packets.map((packet) => packet.toString('hex')),
        );
        expect(here.nextSequence).toBe(301n);
        expect(there.highestSequence).toBe(300n);
      });
    }

    it(`${algorithm}: node:crypto opens what leaves, in order of submission`, async () => {
      using here = esp({ ...tunnel4, algorithm });
      const packets = Array.from({ length: 50 }, (_, i) => ipv4(28 + i, i));
      const sealed = await Promise.all(packets.map((packet) => seal(here, packet)));
      sealed.forEach((packet, i) => {
        const opened = openEsp(Buffer.from(packet).subarray(20), key, algorithm);
        expect(opened).toMatchObject({ spi: tunnel4.spi, sequence: i + 1, iv: BigInt(i + 1), nextHeader: 4 });
        expect(opened.payload.equals(packets[i] as Buffer)).toBe(true);
        expect(opened.padding).toEqual(Array.from({ length: opened.padding.length }, (_, n) => n + 1));
      });
    });
  }

  it('authenticates the upper half of an extended sequence number', async () => {
    const options = { ...transport, esn: true, initialSequence: 5n * 2n ** 32n - 2n };
    using here = esp(options);
    using there = esp(options);
    const sealed = await Promise.all([1, 2, 3, 4].map((seed) => seal(here, ipv4(60, seed))));
    expect(here.nextSequence).toBe(5n * 2n ** 32n + 2n);
    const last = openEsp(Buffer.from(sealed[3] as Uint8Array).subarray(20), key, 'rfc4106(gcm(aes))', 16, 5);
    expect(last.sequence).toBe(1);
    expect(await openAll(there, sealed)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(there.highestSequence).toBe(5n * 2n ** 32n + 1n);
    expect(await openAll(there, sealed)).toEqual(['ESTALE', 'ESTALE', 'ESTALE', 'ESTALE']);
  });

  it('refuses to send without addresses, yet receives', async () => {
    using here = esp(tunnel4);
    using there = esp({ spi: tunnel4.spi, key, mode: 'tunnel' });
    await expect((async () => seal(there, ipv4(40)))()).rejects.toEqual(code('EINVAL'));
    expect(there.nextSequence).toBe(1n);
    expect(await openAll(there, [await seal(here, ipv4(40))])).toEqual(['ok']);
  });

  it('sends nothing when its sequence numbers are used up', async () => {
    using here = esp({ ...transport, initialSequence: 2 ** 32 - 1 });
    await seal(here, ipv4(40));
    await expect((async () => seal(here, ipv4(40)))()).rejects.toEqual(code('EOVERFLOW'));
  });

  it('takes nothing any more when it was freed', async () => {
    const here = esp(transport);
    const sealed = Array.from({ length: 50 }, () => seal(here, ipv4(400)));
    here.free();
    await expect((async () => seal(here, ipv4(40)))()).rejects.toEqual(code('EINVAL'));
    await expect((async () => open(here, ipv4(40)))()).rejects.toEqual(code('EINVAL'));
    expect((await Promise.all(sealed)).length).toBe(50);
  });
});

describe('the anti-replay window (RFC 4303, 3.4.3)', () => {
  it('decides in order of submission', async () => {
    using here = esp(transport);
    using there = esp({ ...transport, replayWindow: 32 });
    const sealed = await Promise.all(Array.from({ length: 100 }, (_, i) => seal(here, ipv4(50, i))));
    const pick = (...numbers: number[]) => numbers.map((number) => sealed[number - 1] as Uint8Array);
    // All are in flight together: only the order in which they were submitted can tell.
    expect(await openAll(there, pick(3, 1, 3, 2, 1, 50, 18, 19, 19, 100, 69, 68))).toEqual([
      'ok',
      'ok',
      'ESTALE',
      'ok',
      'ESTALE',
      'ok',
      'ESTALE',
      'ok',
      'ESTALE',
      'ok',
      'ok',
      'ESTALE',
    ]);
    expect(there.highestSequence).toBe(100n);
  });

  it('is not moved by what is not genuine', async () => {
    using here = esp(transport);
    using there = esp(transport);
    const genuine = await seal(here, ipv4(50));
    const forged = Buffer.from(genuine);
    forged.writeUInt32BE(1000, 24);
    expect(await openAll(there, [forged, genuine])).toEqual(['EBADMSG', 'ok']);
    expect(there.highestSequence).toBe(1n);
  });

  it('can be turned off', async () => {
    using here = esp(transport);
    using there = esp({ ...transport, replayWindow: 0 });
    const sealed = await seal(here, ipv4(50));
    expect(await openAll(there, [sealed, sealed, sealed])).toEqual(['ok', 'ok', 'ok']);
  });

  it('names the number', async () => {
    using here = esp(transport);
    const sealed = await seal(here, ipv4(50));
    await open(here, sealed);
    await expect(open(here, sealed)).rejects.toThrow('sequence number 1 is replayed (highest so far: 1)');
  });
});

describe('packets that are refused in their turn', () => {
  it('inbound', async () => {
    using here = esp(transport);
    using other = esp({ ...transport, spi: 0x3000 });
    const sealed = await seal(here, ipv4(50));
    const fragment = Buffer.from(sealed);
    fragment.writeUInt16BE(0x2000, 6);
    const tampered = Buffer.from(sealed);
    tampered[40] = (tampered[40] as number) ^ 1;
    const packets = [sealed, Buffer.from('junk'), ipv4(60), fragment, tampered, sealed.subarray(0, 50)];
    expect(await openAll(here, packets)).toEqual([
      'ok',
      'EINVAL',
      'EPROTONOSUPPORT',
      'EOPNOTSUPP',
      'EBADMSG',
      'EINVAL',
    ]);
    expect(await openAll(other, [sealed])).toEqual(['ESRCH']);
  });

  it('say why', async () => {
    using here = esp(transport);
    using other = esp({ ...transport, spi: 0x3000 });
    const sealed = await seal(here, ipv4(50));
    const tampered = Buffer.from(sealed);
    tampered[40] = (tampered[40] as number) ^ 1;
    await expect(open(here, tampered)).rejects.toThrow(/^EBADMSG: the integrity check failed: .*, esp inbound$/);
    await expect(open(other, sealed)).rejects.toThrow(/^ESRCH: another SPI: .*, esp inbound$/);
    await expect(open(here, ipv4(60))).rejects.toThrow('EPROTONOSUPPORT: an IP packet, but not ESP, esp inbound');
    await expect(open(here, Buffer.from('junk'))).rejects.toThrow(/^EINVAL: not an IP packet, .*, esp inbound$/);
    await expect(seal(here, Buffer.from('junk'))).rejects.toThrow(/^EINVAL: not an IPv4 .*, esp outbound$/);
    await expect(seal(here, ipv4(65535))).rejects.toThrow(/^EMSGSIZE: .* longer than an IP packet .*, esp outbound$/);
  });

  it('outbound', async () => {
    using here = esp(transport);
    const fragment = ipv4(60);
    fragment.writeUInt16BE(0x2000, 6);
    await expect(seal(here, Buffer.alloc(0))).rejects.toEqual(code('EINVAL'));
    await expect(seal(here, fragment)).rejects.toEqual(code('EOPNOTSUPP'));
    await expect(seal(here, ipv4(65535))).rejects.toEqual(code('EMSGSIZE'));
  });

  it.each([[undefined], ['text'], [[1]], [new Uint32Array(4)]])(
    'what is not bytes is refused at once: %j',
    async (data) => {
      using here = esp(transport);
      const named = expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('"job.data"') });
      await expect((async () => seal(here, data as never))()).rejects.toEqual(named);
      await expect((async () => open(here, data as never))()).rejects.toEqual(named);
      expect(here.nextSequence).toBe(1n);
    },
  );
});
