// Does map() read an endless source into memory? No: it takes from it what jobs and consumer can keep up with.
import { Padata } from 'padata';
import { echo } from 'padata/functions';

const pd = new Padata('backpressure');
const shell = pd.createShell();

let taken = 0;
function* endless() {
  while (true) yield Buffer.from(`record ${taken++}`);
}

let ahead = 0;
let seen = 0;
for await (const bytes of shell.map(endless(), echo, { maxPending: 16 })) {
  ahead = Math.max(ahead, taken - seen);
  if (++seen === 1000) {
    console.log(Buffer.from(bytes).toString());
    break; // ends the source, too
  }
}
console.log(`never more than ${ahead} records ahead`);

await pd.close();
