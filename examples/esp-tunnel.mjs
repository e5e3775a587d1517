// How do I send an IP packet through an IPsec tunnel?
import { randomBytes } from 'node:crypto';
import { Padata } from 'padata';
import { esp } from 'padata/pcrypt';

const packet = Buffer.from(
  '4500002c000100004011f96e0a0000010a000002' + // IPv4, 10.0.0.1 to 10.0.0.2, UDP
    '04d2162e00180000' + // port 1234 to 5678
    '68656c6c6f2c20706164617461212121', // "hello, padata!!!"
  'hex',
);

const pd = new Padata('tunnel');
const shell = pd.createShell();

/** @type {import('padata/pcrypt').EspOptions} */
const agreed = { spi: 0x1001, mode: 'tunnel', key: randomBytes(36), source: '192.0.2.1', destination: '198.51.100.2' };
const here = esp(agreed);
const there = esp(agreed);

const sealed = await shell.run(here.outbound, packet);
console.log(`${packet.length} bytes became ${sealed.length}`);
const opened = await shell.run(there.inbound, sealed);
console.log(`and came back ${packet.equals(opened) ? 'as they were' : 'broken'}`);

const replayed = await shell.run(there.inbound, sealed).catch((error) => error.code);
console.log(`sent once more: ${replayed}`);

here.free();
there.free();
await pd.close();
