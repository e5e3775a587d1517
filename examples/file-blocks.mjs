// How do I work on a file block by block, as fast as the disk gives it, and get the results in order?
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Padata } from 'padata';
import { crc32 } from 'padata/functions';

const BLOCK = 65_536;
const pd = new Padata('blocks');
const shell = pd.createShell();

let blocks = 0;
await pipeline(
  createReadStream(process.execPath, { highWaterMark: BLOCK, end: 100 * BLOCK - 1 }),
  shell.transform(crc32), // each chunk is a job; not more than 1024 of them at once, unless maxPending says so
  async (sums) => {
    for await (const sum of sums) {
      if (blocks++ === 0) console.log(`block 0: ${sum.toString(16).padStart(8, '0')}`);
    }
  },
);
console.log(`${blocks} blocks`);

await pd.close();
