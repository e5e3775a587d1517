// How do I run C functions of my own, in parallel and then in order?
import { createRequire } from 'node:module';
import { nativeFunction, Padata } from 'padata';

const { ledger } = createRequire(import.meta.url)('./build/Release/ledger.node');

const records = Array.from({ length: 10_000 }, (_, i) => Buffer.from(`record ${i}`));

/** A new ledger with the records in it, and the CPUs that ran parallel(). */
async function write() {
  const pd = new Padata('ledger');
  const shell = pd.createShell();
  const { digest, append, head } = ledger();
  const parallel = nativeFunction(digest);
  const serial = nativeFunction(append);
  for (const data of records) shell.doParallel({ parallel, serial, data });
  await shell.drain();
  await pd.close();
  return head().toString(16);
}

/** The same by one loop of JavaScript. */
function expected() {
  const fnv1a = (/** @type {bigint} */ hash, /** @type {Uint8Array} */ bytes) =>
    bytes.reduce((sum, byte) => BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n), hash);
  const digest = Buffer.alloc(8);
  return records
    .reduce((head, record) => {
      digest.writeBigUInt64LE(fnv1a(0xcbf29ce484222325n, record));
      return fnv1a(head, digest);
    }, 0xcbf29ce484222325n)
    .toString(16);
}

const heads = [await write(), await write(), expected()];
console.log(heads[0]);
console.log(`the same ${heads.length} times: ${new Set(heads).size === 1}`);
