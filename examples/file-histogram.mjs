// How do I work on one large file with all CPUs at once, and show how far it is?
import { open } from 'node:fs/promises';
import { Padata } from 'padata';
import { histogram } from 'padata/functions';

const WINDOW = 32 * 2 ** 20; // the file is read in pieces; while one is counted, the next one is read
const path = process.argv[2] ?? process.execPath;
const pd = new Padata('histogram');
const file = await open(path);
const { size } = await file.stat();

const newWindow = () => new Uint8Array(new SharedArrayBuffer(WINDOW)); // shared: all threads see it
const counts = new BigUint64Array(new SharedArrayBuffer(256 * 8)); // to which each chunk adds
let [current, next] = [newWindow(), newWindow()];

let counted = 0;
let counting = Promise.resolve();
while (true) {
  const { bytesRead } = await file.read(current); // it goes on where the last read has ended
  await counting;
  if (bytesRead === 0) break;
  const before = counted;
  counting = pd.doMultithreaded({
    threadFn: histogram,
    fnArg: { bytes: current, counts },
    size: bytesRead, // units are bytes
    minChunk: 65_536, // less is not worth a call
    align: 64, // a cache line
    onProgress: (done) => showProgress(before + done),
  });
  counted += bytesRead;
  [current, next] = [next, current];
  showProgress(before);
}

/** @param {number} bytes */
function showProgress(bytes) {
  if (!process.stdout.isTTY) return;
  const full = Math.floor((30 * bytes) / Math.max(size, 1));
  process.stdout.write(`\r[${'#'.repeat(full)}${' '.repeat(30 - full)}] ${Math.round(bytes / 1e6)} MB \x1b[K`);
}

if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
const most = [...counts.keys()].sort((a, b) => (counts[a] > counts[b] ? -1 : 1)).slice(0, 3);
for (const value of most) {
  const share = (100 * Number(counts[value])) / counted;
  console.log(`0x${value.toString(16).padStart(2, '0')}  ${share.toFixed(1).padStart(5)} %`);
}
console.log(`all bytes counted: ${counts.reduce((a, b) => a + b) === BigInt(counted)}`);

await file.close();
await pd.close();
