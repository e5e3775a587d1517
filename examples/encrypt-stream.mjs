// How do I encrypt a stream on every CPU? Records of a fixed size, each with an iv of its own, in a node:stream pipeline.
import { randomBytes } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Padata } from 'padata';
import { aead } from 'padata/pcrypt';

const RECORD = 16_384;
const plaintext = randomBytes(100 * RECORD);

/** @param {Buffer} bytes @param {number} size */
function* records(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Numbers the records: the number is the iv, so no iv is used twice with this key. */
function numbered() {
  let next = 0n;
  return new Transform({
    objectMode: true,
    transform(data, _encoding, done) {
      const iv = Buffer.alloc(12);
      iv.writeBigUInt64BE(next++, 4);
      done(null, { iv, data });
    },
  });
}

const pd = new Padata('stream');
const shell = pd.createShell();
const gcm = aead('gcm(aes)', randomBytes(32));

/** @type {Uint8Array[]} */
const opened = [];
await pipeline(
  Readable.from(records(plaintext, RECORD)),
  numbered(),
  shell.transform(gcm.encrypt), // ciphertext and tag, in order
  numbered(),
  shell.transform(gcm.decrypt),
  async (source) => {
    for await (const record of source) opened.push(record);
  },
);
console.log(`${opened.length} records, ${Buffer.concat(opened).equals(plaintext) ? 'as they were' : 'broken'}`);

gcm.free();
await pd.close();
