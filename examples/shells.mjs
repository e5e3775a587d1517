// Does a slow series of jobs hold up another one? Not if it has a shell of its own.
import { Padata } from 'padata';
import { crc32 } from 'padata/functions';

const pd = new Padata('shells');
const slow = pd.createShell();
const quick = pd.createShell();

// A job whose parallel() leaves work outstanding, and nobody has called doSerial yet.
const outstanding = {
  parallel() {},
  serial: () => console.log('slow: the first job'),
};
slow.doParallel(outstanding);
slow.doParallel({ parallel: crc32, data: Buffer.from('b'), serial: () => console.log('slow: the second job') });

for await (const sum of quick.map([Buffer.from('a')], crc32)) console.log(`quick: ${sum.toString(16)}`);
console.log(`slow: ${slow.pending} jobs wait for their turn`);

slow.doSerial(outstanding);
await slow.drain();

await pd.close();
