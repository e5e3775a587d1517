// What happens to the order when a job fails?
import { randomBytes } from 'node:crypto';
import { Padata } from 'padata';
import { aead } from 'padata/pcrypt';

const pd = new Padata('errors');
const shell = pd.createShell();
const gcm = aead('gcm(aes)', randomBytes(16));

/** @param {number} n */
const iv = (n) => Buffer.alloc(12, n);
const sealed = await Promise.all(
  ['one', 'two', 'three'].map((text, n) => shell.run(gcm.encrypt, { iv: iv(n), data: Buffer.from(text) })),
);
/** @type {Uint8Array} */ (sealed[1])[0] ^= 1; // somebody has changed a bit on the way

// A failed job takes its turn like any other; serial() sees its error, and the jobs behind it go on.
for (const [n, data] of sealed.entries()) {
  shell.doParallel({
    parallel: gcm.decrypt,
    data: { iv: iv(n), data },
    serial({ result, error }) {
      console.log(n, error ? error.code : Buffer.from(result).toString());
    },
  });
}
await shell.drain();

// Arguments that are wrong are refused at once, by name, before anything is queued.
try {
  shell.doParallel({ parallel: gcm.encrypt, data: { iv: iv(0) }, serial() {} });
} catch (error) {
  console.log(/** @type {Error} */ (error).message);
}

gcm.free();
await pd.close();
