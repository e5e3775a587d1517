/**
 * Ordered parallel cryptography: AEAD by the names of the kernel's crypto API, and ESP (IPsec) on top of it. pcrypt is
 * the kernel's one consumer of serialized padata jobs; this is its counterpart.
 *
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { Padata } from 'padata';
 * import { aead } from 'padata/pcrypt';
 *
 * await using pd = new Padata('pencrypt');
 * const shell = pd.createShell();
 * const gcm = aead('gcm(aes)', randomBytes(32));
 * const sealed = await shell.run(gcm.encrypt, { iv: randomBytes(12), data: Buffer.from('attack at dawn') });
 * gcm.free();
 * ```
 *
 * The libcrypto is the one inside the running process, the one that `node:crypto` uses.
 *
 * @module
 */
export { type Aead, type AeadOptions, type AeadRequest, aead } from './pcrypt/aead.js';
export { type EspOptions, esp, type SecurityAssociation } from './pcrypt/esp.js';
