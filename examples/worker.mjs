// Can Workers use padata? Yes: each has instances of its own, and all of them share one pinned thread for each CPU.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Padata } from 'padata';
import { crc32 } from 'padata/functions';

/** @param {string} text */
async function checksum(text) {
  const pd = new Padata(text);
  const sum = await pd.createShell().run(crc32, Buffer.from(text));
  await pd.close();
  return `${text} ${sum.toString(16).padStart(8, '0')}`;
}

if (isMainThread) {
  console.log(await checksum('main thread'));
  for (const name of ['worker 1', 'worker 2']) {
    const [message] = await once(new Worker(new URL(import.meta.url), { workerData: name }), 'message');
    console.log(message);
  }
} else {
  parentPort?.postMessage(await checksum(workerData));
}
