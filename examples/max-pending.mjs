// How do I bound the queue?
import { Padata } from 'padata';
import { spin } from 'padata/functions';

const pd = new Padata('bounded');
const shell = pd.createShell({ maxPending: 100 });
const work = spin(10_000); // 10 microseconds

let delivered = 0;
let refused = 0;
while (delivered + shell.pending < 500) {
  try {
    shell.doParallel({ parallel: work, serial: () => delivered++ });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
    refused++;
    await shell.drain();
  }
}
await shell.drain();
console.log(`${delivered} delivered; the queue was full ${refused > 0 ? 'in between' : 'never'}`);

// map() and transform() wait by themselves where doParallel() throws.
let mapped = 0;
for await (const _ of shell.map(new Array(500), work)) mapped++;
console.log(`${mapped} mapped`);

await pd.close();
