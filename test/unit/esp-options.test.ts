import { esp } from 'padata/pcrypt';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../dist/pcrypt/address.js';

const key = Buffer.alloc(36, 1);
const transport = { spi: 0x1000, key, mode: 'transport' };
const tunnel = { spi: 0x1000, key, mode: 'tunnel', source: '192.0.2.1', destination: '192.0.2.2' };

describe('options of esp', () => {
  it.each<[object | undefined, string, string]>([
    [undefined, 'TypeError', '"options"'],
    [{ ...transport, spi: '4096' }, 'TypeError', '"options.spi"'],
    [{ ...transport, spi: 255 }, 'RangeError', '"options.spi"'],
    [{ ...transport, spi: 2 ** 32 }, 'RangeError', '"options.spi"'],
    [{ ...transport, key: 'secret' }, 'TypeError', '"options.key"'],
    [{ ...transport, key: Buffer.alloc(32) }, 'RangeError', '"options.key.length"'],
    [{ ...transport, algorithm: 'gcm(aes)' }, 'RangeError', '"options.algorithm"'],
    [{ ...transport, algorithm: 1 }, 'TypeError', '"options.algorithm"'],
    [{ ...transport, authSize: 13 }, 'RangeError', '"options.authSize"'],
    [{ ...transport, algorithm: 'rfc7539esp(chacha20,poly1305)', authSize: 8 }, 'RangeError', '"options.authSize"'],
    [{ ...transport, mode: 'beet' }, 'RangeError', '"options.mode"'],
    [{ ...transport, mode: undefined }, 'TypeError', '"options.mode"'],
    [{ ...transport, esn: 1 }, 'TypeError', '"options.esn"'],
    [{ ...transport, replayWindow: 4097 }, 'RangeError', '"options.replayWindow"'],
    [{ ...transport, replayWindow: -1 }, 'RangeError', '"options.replayWindow"'],
    [{ ...transport, esn: true, replayWindow: 0 }, 'RangeError', '"options.replayWindow"'],
    [{ ...transport, initialSequence: 0 }, 'RangeError', '"options.initialSequence"'],
    [{ ...transport, initialSequence: 1.5 }, 'RangeError', '"options.initialSequence"'],
    [{ ...transport, initialSequence: 2 ** 32 }, 'RangeError', '"options.initialSequence"'],
    [{ ...transport, initialSequence: 2n ** 64n, esn: true }, 'RangeError', '"options.initialSequence"'],
    [{ ...transport, initialSequence: '1' }, 'TypeError', '"options.initialSequence"'],
    [{ ...transport, source: '192.0.2.1' }, 'TypeError', '"options.source"'],
    [{ ...transport, hopLimit: 5 }, 'TypeError', '"options.hopLimit"'],
    [{ ...tunnel, source: undefined }, 'TypeError', '"options.source"'],
    [{ ...tunnel, destination: undefined }, 'TypeError', '"options.destination"'],
    [{ ...tunnel, source: 'localhost' }, 'RangeError', '"options.source"'],
    [{ ...tunnel, source: '192.0.2.256' }, 'RangeError', '"options.source"'],
    [{ ...tunnel, destination: 'fe80::1%eth0' }, 'RangeError', '"options.destination"'],
    [{ ...tunnel, destination: '2001:db8::1' }, 'RangeError', '"options.destination"'],
    [{ ...tunnel, hopLimit: 0 }, 'RangeError', '"options.hopLimit"'],
    [{ ...tunnel, hopLimit: 256 }, 'RangeError', '"options.hopLimit"'],
    [{ ...tunnel, dscp: 64 }, 'RangeError', '"options.dscp"'],
    [{ ...tunnel, dscp: 'EF' }, 'TypeError', '"options.dscp"'],
    [{ ...tunnel, dontFragment: 'never' }, 'RangeError', '"options.dontFragment"'],
    [{ ...tunnel, dontFragment: true }, 'TypeError', '"options.dontFragment"'],
  ])('%o', (options, name, text) => {
    expect(() => esp(options as never)).toThrow(
      expect.objectContaining({ name, message: expect.stringContaining(text) }),
    );
  });

  it('are shown by what is made of them', () => {
    using association = esp({ spi: 0xffffffff, key, mode: 'transport', initialSequence: 77n });
    expect(association).toMatchObject({ spi: 0xffffffff, mode: 'transport', algorithm: 'rfc4106(gcm(aes))' });
    expect(association.nextSequence).toBe(77n);
    expect(association.highestSequence).toBe(76n);
  });
});

describe('addressBytes', () => {
  it.each([
    ['192.0.2.1', 'c0000201'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['2001:db8::5:6', '20010db8000000000000000000050006'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201'],
  ])('%s', (text, hex) => expect(Buffer.from(addressBytes('a', text)).toString('hex')).toBe(hex));
});
